from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.dataset import (
    EventFacts,
    EventTable,
    Field,
    Interactions,
    TakenBack,
    event_key,
    token,
)
from recommendations.algorithms.samples import cut_at
from recommendations.evaluation.splits import Histories, HoldOut, rolling_hold_out, temporal_hold_out
from tests.algorithms.worlds import DAY, NOW, world

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


def saved_and_returned(data: Interactions, user: int, row: int, day: float, until: float) -> Interactions:
    back = TakenBack(
        np.array([user], np.int32),
        np.array([row], np.int32),
        np.ones(1, np.float32),
        np.array([day * DAY]),
        np.array([until * DAY]),
    )
    return replace(data, taken_back=back)


def test_a_save_that_stood_at_the_cut_is_known_though_it_was_taken_back_later() -> None:
    data = saved_and_returned(interactions((BOB, OVER, 1, 80)), ANN, COMING, day=90, until=105)
    held = temporal_hold_out(data, CUT)
    assert names(held, Histories(held).of(ANN).seen) == {"coming"}
    assert held.slate.interest.max() > 0
    earlier = temporal_hold_out(data, 85 * DAY)
    assert len(earlier.train) == 1
    assert len(earlier) == 0  # what was taken back is no target


def test_a_save_taken_back_before_the_cut_is_not_known_and_saving_it_again_is_a_target() -> None:
    data = saved_and_returned(interactions((ANN, COMING, 1, 104)), ANN, COMING, day=90, until=95)
    held = temporal_hold_out(data, CUT)
    assert len(held.train) == 0
    assert names(held, held.targets_of(0)) == {"coming"}


def test_an_earlier_cut_inside_the_training_part_goes_back_before_the_unsave() -> None:
    data = saved_and_returned(interactions((BOB, OVER, 1, 80)), ANN, COMING, day=90, until=95)
    train = temporal_hold_out(data, CUT).train
    past = cut_at(train, 92 * DAY, cold=False).past
    assert sorted(past.user.tolist()) == [ANN, BOB]


@pytest.mark.parametrize("cold", [True, False])
def test_a_past_holds_nothing_that_happened_later(cold: bool) -> None:
    """Neither actions on events already begun (people say later that they were there), nor later events."""
    data = interactions((ANN, OVER, 1, 80), (BOB, OVER, 1.5, 104), (CAT, COMING, 1, 104))
    cut = cut_at(data, CUT, cold=cold)
    assert cut.past.user.tolist() == [ANN]
    assert event_key("unannounced") not in cut.past.events.keys
    assert token(Field.TEXT, "unannounced") not in cut.past.events.words[Field.TEXT].tokens
    assert cut.past.events.keys[cut.past.event].tolist() == [event_key("over")]
    chosen = [chooser.chosen.tolist() for chooser in cut.choosers(9, np.random.default_rng(0))]
    assert chosen == []  # nobody with a past chose anything


def test_what_choosers_chose_and_had_acted_on_are_rows_of_the_slate() -> None:
    data = interactions((ANN, OVER, 1, 80), (ANN, COMING, 0.2, 85), (ANN, LATER, 1, 104))
    cut = cut_at(data, CUT, cold=False)
    [ann] = cut.choosers(9, np.random.default_rng(0))
    keys = cut.slate.events.keys
    assert keys[ann.chosen].tolist() == [event_key("later")]
    assert keys[ann.closed].tolist() == [event_key("coming")]


def test_a_rolling_fold_reaches_so_far_and_measures_people_with_a_past() -> None:
    data = interactions(
        (ANN, OVER, 1, 80),
        (ANN, COMING, 1, 90),
        (BOB, COMING, 1, 104),
        (ANN, LATER, 1, 104),
        (BOB, OVER, 1, 85),
    )
    cold = rolling_hold_out(data, CUT, reach=30 * DAY, cold=True)
    assert names(cold, np.arange(len(cold.slate.events))) == {"coming"}
    assert cold.user.tolist() == [ANN, BOB]
    asof = rolling_hold_out(data, CUT, reach=30 * DAY, cold=False)
    assert asof.user.tolist() == [BOB]
    stranger = rolling_hold_out(interactions((CAT, COMING, 1, 104)), CUT, reach=30 * DAY, cold=False)
    assert len(stranger) == 0


@pytest.mark.parametrize("cold", [True, False])
def test_a_rolling_fold_does_not_train_on_what_was_announced_later(cold: bool) -> None:
    data = interactions((ANN, OVER, 1, 80), (ANN, COMING, 1, 104))
    train = rolling_hold_out(data, CUT, reach=30 * DAY, cold=cold).train
    assert event_key("unannounced") not in train.events.keys


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
