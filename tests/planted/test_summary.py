from collections.abc import Sequence

from experiments.verdicts import VerdictState
from recommendations.planted.outcomes import DayConcluded, Estimate, Outcome
from recommendations.planted.summary import summary_lines, summary_of, verdict_lines
from recommendations.planted.truth import Truth

KEEP, SHIP, INVALID = VerdictState.KEEP_RUNNING, VerdictState.SHIP, VerdictState.INVALID
NONE = VerdictState.NO_EFFECT_FOUND


def truth(lift: float, variants: int = 2) -> Truth:
    return Truth(users=100, days=3, variants=variants, baseline=0.3, lift=lift, seed=1)


def outcome(
    verdicts: Sequence[VerdictState],
    better: tuple[str, ...] = (),
    interval: tuple[float | None, float | None] = (-0.2, 0.4),
    p_value: float = 0.5,
) -> Outcome:
    days = [
        DayConcluded(day, verdict, f"Rule {verdict}", {}, {}, better if verdict is not KEEP else (), worse=())
        for day, verdict in enumerate(verdicts, start=1)
    ]
    estimate = Estimate("treatment", 0.0, 0.1, *interval)
    return Outcome("simulated-1-1", 1, tuple(days), (estimate,), p_value, lists=3)


def test_the_first_verdict_that_says_to_act_is_the_conclusion() -> None:
    found = outcome([KEEP, SHIP, INVALID], better=("treatment",))
    assert (found.concluded.day, found.shipped) == (2, ("treatment",))
    assert outcome([KEEP, KEEP]).concluded.day == 2
    assert outcome([KEEP, NONE], better=("treatment",)).shipped == ()


def test_without_a_lift_every_ship_is_false_and_there_is_no_power() -> None:
    runs = [outcome([SHIP], better=("treatment",)), *[outcome([KEEP, NONE])] * 19]
    found = summary_of(truth(0.0), runs)
    assert found.false_ships is not None
    assert (found.false_ships.count, found.false_ships.of) == (1, 20)
    assert abs(found.false_ships.lower - 0.00888) < 1e-5  # Wilson's interval by hand
    assert abs(found.false_ships.upper - 0.23613) < 1e-5
    assert found.power is None
    assert (found.verdicts[SHIP], found.verdicts[NONE], found.verdicts[KEEP]) == (1, 19, 0)
    assert found.days_to_decision == (1, 2, 2)


def test_with_a_lift_only_the_variant_that_has_it_is_shipped_rightly() -> None:
    runs = [
        outcome([SHIP], better=("treatment",)),
        outcome([SHIP], better=("treatment_2",)),
        outcome([KEEP]),
    ]
    found = summary_of(truth(0.5, variants=3), runs)
    assert found.power is not None
    assert found.false_ships is not None
    assert (found.power.count, found.false_ships.count) == (1, 1)
    assert found.days_to_decision == (1, 1, 1)


def test_coverage_counts_intervals_that_hold_what_was_planted() -> None:
    intervals = [(-0.2, 0.4), (0.0, 0.4), (0.01, 0.4), (-0.4, 0.0), (-0.4, -0.01), (-0.2, None), (None, None)]
    found = summary_of(truth(0.0), [outcome([NONE], interval=one) for one in intervals])
    coverage = found.estimates[0].coverage
    assert coverage is not None
    assert (coverage.count, coverage.of) == (4, 7)


def test_sample_ratio_mismatches_are_counted() -> None:
    found = summary_of(truth(0.0), [outcome([NONE], p_value=one) for one in (0.5, 0.001, 0.0009)])
    assert found.sample_ratio_fails == 1
    assert "  sample ratio          a mismatch in 1" in list(summary_lines(found))


def test_nothing_finished_has_a_summary_too() -> None:
    found = summary_of(truth(0.5), [])
    assert (found.false_ships, found.power, found.days_to_decision) == (None, None, None)
    assert list(summary_lines(found))


def test_days_with_one_verdict_make_one_line() -> None:
    assert list(verdict_lines(outcome([KEEP, KEEP, SHIP]))) == [
        "  days 1 to 2     keep running: Rule keep_running",
        "  day 3           ship: Rule ship",
    ]
