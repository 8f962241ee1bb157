import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.dataset import EventFacts, EventTable, Interactions, event_key
from recommendations.evaluation.splits import DAY, Histories, HoldOut, rolling_cuts, temporal_hold_out
from tests.algorithms.worlds import NOW, world

CUT = 100.0 * DAY


def event(name: str, starts: float, announced: float) -> EventFacts:
    return EventFacts(event_id=name, title=name, starts_at=starts * DAY, announced_at=announced * DAY)


EVENTS = [
    event("over", starts=90, announced=50),
    event("coming", starts=110, announced=50),
    event("later", starts=200, announced=50),
    event("unannounced", starts=115, announced=105),
]
OVER, COMING, LATER, UNANNOUNCED = range(4)
ANN, BOB, CAT = range(3)


def interactions(*actions: tuple[int, int, float, float]) -> Interactions:
    user, row, weight, day = (np.array(column) for column in zip(*actions, strict=True))
    return Interactions(
        EventTable.of(EVENTS),
        3,
        user.astype(np.int32),
        row.astype(np.int32),
        weight.astype(np.float32),
        day.astype(np.float64) * DAY,
        120 * DAY,
    )


def names(hold_out: HoldOut, rows: np.ndarray) -> set[str]:
    keys = {event_key(each.event_id): each.event_id for each in EVENTS}
    return {keys[int(key)] for key in hold_out.slate.events.keys[rows]}


def test_it_trains_on_the_past_and_aims_at_what_people_did_afterwards() -> None:
    data = interactions((ANN, OVER, 1, 80), (ANN, COMING, 1, 104), (BOB, COMING, 1, 90), (BOB, LATER, 1, 106))
    held = temporal_hold_out(data, CUT)
    assert len(held.train) == 2
    assert held.user.tolist() == [ANN, BOB]
    assert names(held, held.targets_of(0)) == {"coming"}
    assert names(held, held.targets_of(1)) == {"later"}


def test_candidates_are_announced_and_have_not_started() -> None:
    held = temporal_hold_out(interactions((ANN, OVER, 1, 80)), CUT)
    assert names(held, np.arange(len(held.slate.events))) == {"coming", "later"}


def test_a_horizon_leaves_out_what_is_far_away() -> None:
    held = temporal_hold_out(interactions((ANN, OVER, 1, 80)), CUT, horizon=30 * DAY)
    assert names(held, np.arange(len(held.slate.events))) == {"coming"}


def test_what_a_person_had_acted_on_is_no_target() -> None:
    held = temporal_hold_out(interactions((ANN, COMING, 0.2, 90), (ANN, COMING, 1, 104)), CUT)
    assert len(held) == 0
    seen = Histories(held).of(ANN).seen
    assert names(held, seen) == {"coming"}


def test_turning_down_and_looking_are_no_targets() -> None:
    held = temporal_hold_out(interactions((ANN, COMING, -1, 104), (BOB, COMING, 0, 104)), CUT)
    assert len(held) == 0


def test_the_training_part_knows_nothing_of_the_future() -> None:
    """A word that occurs only in what happens after the cut must not reach the training part in any array."""
    planted = EventFacts(
        event_id="planted",
        title="planted secret",
        starts_at=112 * DAY,
        announced_at=103 * DAY,
        artists=["Planted"],
    )
    events = EventTable.of([*EVENTS, planted])
    data = interactions((ANN, OVER, 1, 80), (BOB, COMING, 1, 99), (CAT, COMING, 1, 101))
    with_plant = Interactions(
        events,
        data.n_users,
        np.append(data.user, CAT).astype(np.int32),
        np.append(data.event, len(EVENTS)).astype(np.int32),
        np.append(data.weight, 1).astype(np.float32),
        np.append(data.occurred_at, 104 * DAY),
        data.cutoff,
    )
    train = temporal_hold_out(with_plant, CUT).train
    assert event_key("planted") not in train.events.keys
    planted_words = {int(word) for lists in EventTable.of([planted]).words.values() for word in lists.tokens}
    ours = {int(word) for lists in train.events.words.values() for word in lists.tokens}
    assert not planted_words & ours
    assert CAT not in train.user
    assert train.occurred_at.max() <= CUT
    assert train.cutoff == CUT


def test_interest_is_of_the_cut_and_not_of_the_end() -> None:
    few = interactions((ANN, COMING, 1, 99))
    many = interactions((ANN, COMING, 1, 99), (BOB, COMING, 1, 101), (CAT, COMING, 1, 102))
    np.testing.assert_array_equal(
        temporal_hold_out(few, CUT).slate.interest, temporal_hold_out(many, CUT).slate.interest
    )


def test_rolling_cuts_leave_the_last_span_to_predict() -> None:
    data = interactions((ANN, OVER, 1, 80))
    assert rolling_cuts(data, days=7, folds=3) == pytest.approx([99 * DAY, 106 * DAY, 113 * DAY])


@given(st.integers(0, 20), st.floats(-50, 0))
def test_every_target_is_an_unseen_candidate_chosen_after_the_cut(seed: int, day: float) -> None:
    data = world(seed).data
    cut = NOW + day * DAY
    held = temporal_hold_out(data, cut)
    histories = Histories(held)
    for number, user in enumerate(held.user):
        targets = held.targets_of(number)
        assert len(targets) > 0
        assert (held.slate.events.starts_at[targets] > cut).all()
        assert (held.slate.events.announced_at <= cut).all()
        assert not np.isin(targets, histories.of(int(user)).seen).any()
        after = data.event[(data.user == user) & (data.occurred_at > cut)]
        assert np.isin(held.slate.events.keys[targets], data.events.keys[after]).all()
