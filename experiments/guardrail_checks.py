"""Whether a treatment harms what must not get worse, and whether it is shown not to.

Both are judged on everybody exposed, not on matured people only: harm is to be noticed early, and two
variants' newest people have equally much of their window behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from experiments.counting import PeopleCounted
from experiments.metrics import GUARDRAILS, Metric
from experiments.reports import ALPHA, GuardrailCheck, GuardrailState
from experiments.samples import Sample, difference_of, non_inferiority, sample_of, value_of
from experiments.sequential import LEAST_USERS
from experiments.statistics.confidence_sequence import confidence_sequence
from experiments.statistics.multiple_testing import holm
from experiments.statistics.values import Unknown

UNMEASURED = "There is nothing to measure in either variant."
TOO_FEW = f"Each variant needs {LEAST_USERS} people first."
ONE_SIDED = "There is something to measure in one of the two variants only."
ALL_ALIKE = "Everybody has the same value, so the values themselves are compared."


@dataclass(frozen=True, slots=True)
class _Pair:
    metric: Metric
    variant: str
    treatment: Sample
    control: Sample

    @property
    def is_large_enough(self) -> bool:
        return min(self.treatment.users, self.control.users) >= LEAST_USERS

    @property
    def worsening(self) -> float | None:
        """How much worse the treatment's value is than control's; below 0 it is better."""
        mine, base = value_of(self.treatment), value_of(self.control)
        if mine is None or base is None:
            return None
        return base - mine if self.metric.higher_is_better else mine - base


def guardrail_checks(
    people: Mapping[str, PeopleCounted], control: str, planned_pair: Mapping[str, int]
) -> tuple[GuardrailCheck, ...]:
    """Every guardrail for every treatment. `planned_pair`: planned people of a treatment and control."""
    pairs = [
        _Pair(metric, key, sample_of(metric, people[key]), sample_of(metric, people[control]))
        for metric in GUARDRAILS
        for key in people
        if key != control
    ]
    harms = [_harm_p_value(pair, planned_pair[pair.variant]) for pair in pairs]
    adjusted = iter(holm([p_value for p_value in harms if p_value is not None]))
    return tuple(
        _check(pair, None if harm is None else next(adjusted))
        for pair, harm in zip(pairs, harms, strict=True)
    )


def _harm_p_value(pair: _Pair, planned_users: int) -> float | None:
    """Always valid, of the null "no worse than tolerated"; None where it cannot be tested."""
    difference = difference_of(pair.treatment, pair.control)
    worsening = pair.worsening
    if isinstance(difference, Unknown) or worsening is None or not pair.is_large_enough:
        return None
    beyond = worsening - pair.metric.tolerance
    if beyond <= 0:
        return 1.0
    users = pair.treatment.users + pair.control.users
    return confidence_sequence(replace(difference, value=beyond), users, planned_users, ALPHA).p_value


def _check(pair: _Pair, harm_p_value: float | None) -> GuardrailCheck:
    within = _within_margin_p_value(pair)
    state, reason = _state(pair, harm_p_value, within)
    return GuardrailCheck(pair.metric, pair.variant, state, harm_p_value, within, reason)


def _within_margin_p_value(pair: _Pair) -> float | None:
    if not pair.is_large_enough:
        return None
    test = non_inferiority(pair.metric, pair.treatment, pair.control)
    return None if isinstance(test, Unknown) else test.p_value


def _state(pair: _Pair, harm: float | None, within: float | None) -> tuple[GuardrailState, str]:
    if value_of(pair.treatment) is None and value_of(pair.control) is None:
        return GuardrailState.UNMEASURED, UNMEASURED
    if not pair.is_large_enough:
        return GuardrailState.OPEN, TOO_FEW
    if pair.worsening is None:
        return GuardrailState.OPEN, ONE_SIDED
    if harm is None and pair.worsening > pair.metric.tolerance:
        return GuardrailState.HARMED, ALL_ALIKE
    if harm is not None and harm < ALPHA:
        return GuardrailState.HARMED, ""
    if within is None:
        return GuardrailState.PASSED, ALL_ALIKE
    return (GuardrailState.PASSED if within < ALPHA else GuardrailState.OPEN), ""
