"""What every algorithm must hold to. A test class inherits `AlgorithmContract` and names its algorithm."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import (
    EventFacts,
    EventTable,
    Field,
    Interactions,
    Person,
    Taste,
    token,
)
from recommendations.algorithms.protocol import Algorithm
from recommendations.algorithms.registry import ALGORITHMS
from tests.algorithms.worlds import DAY, NOW, World, concert, nobody, slate_of, somebody, world

NAN = float("nan")


class AlgorithmContract:
    algorithm: ClassVar[type[Algorithm]]
    personal: ClassVar[bool] = True  # whether what a person did changes the order

    @pytest.fixture(scope="class")
    @classmethod
    def small(cls) -> World:
        return world()

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls, small: World) -> Algorithm:
        return cls.fit(small.data)

    @classmethod
    def fit(cls, data: Interactions, seed: int = 0) -> Algorithm:
        return cls.algorithm.fit(data, generator=np.random.default_rng(seed))

    def scores(self, fitted: Algorithm, person: Person, events: list[EventFacts]) -> Any:
        return fitted.score(person, fitted.prepare(slate_of(events), now=NOW))

    def people(self, small: World) -> list[Person]:
        return [nobody(), stater(), *(small.person(user) for user in range(5)), haters(small)]

    def test_it_is_registered_under_its_name(self) -> None:
        assert ALGORITHMS[self.algorithm.name] is self.algorithm

    def test_it_gives_every_candidate_a_finite_score(self, small: World, fitted: Algorithm) -> None:
        prepared = fitted.prepare(small.slate(), now=NOW)
        for person in self.people(small):
            scores = fitted.score(person, prepared)
            assert scores.shape == (len(small.upcoming),)
            assert scores.dtype == np.float64
            assert np.isfinite(scores).all()

    def test_it_scores_an_empty_slate(self, small: World, fitted: Algorithm) -> None:
        prepared = fitted.prepare(slate_of([]), now=NOW)
        for person in self.people(small):
            assert fitted.score(person, prepared).shape == (0,)
            assert fitted.explain(person, prepared, np.empty(0, np.int64)) == []

    def test_it_scores_events_of_which_almost_nothing_is_known(self, small: World, fitted: Algorithm) -> None:
        bare = [
            concert("bare"),
            concert("nan", latitude=NAN, longitude=NAN, price=NAN),
            concert("new", venue="Nowhere Yet", artists=["Unheard Of"], genres=["unnamed"], latitude=0.0),
        ]
        odd = slate_of(bare, [NAN, 0.0, -1.0])
        prepared = fitted.prepare(odd, now=NOW)
        for person in [*self.people(small), somebody(bare, [1.0, -1.0, 0.0])]:
            assert np.isfinite(fitted.score(person, prepared)).all()

    def test_it_survives_a_taste_full_of_holes(self, small: World, fitted: Algorithm) -> None:
        taste = Taste({}, latitude=NAN, longitude=-6.0, radius_km=NAN, budget_max=NAN)
        empty = nobody()
        person = Person(empty.events, empty.weight, empty.occurred_at, taste)
        assert np.isfinite(fitted.score(person, fitted.prepare(small.slate(), now=NOW))).all()

    def test_it_fits_nothing_at_all(self) -> None:
        fitted = self.fit(Interactions.empty())
        scores = self.scores(fitted, nobody(), [concert("a"), concert("b", artists=["x"])])
        assert np.isfinite(scores).all()

    def test_it_fits_one_action(self, small: World) -> None:
        rows = np.zeros(1, np.int32)
        data = Interactions(
            small.data.events, 1, rows, rows, np.ones(1, np.float32), np.array([NOW - DAY]), NOW
        )
        assert np.isfinite(self.scores(self.fit(data), small.person(0), small.upcoming)).all()

    def test_it_fits_people_who_only_turned_things_down(self, small: World) -> None:
        data = small.data
        sour = Interactions(
            data.events, data.n_users, data.user, data.event, -data.weight, data.occurred_at, data.cutoff
        )
        assert np.isfinite(self.scores(self.fit(sour), small.person(0), small.upcoming)).all()

    def test_the_same_seed_learns_the_same_arrays(self, small: World) -> None:
        first, second = self.fit(small.data, seed=7).to_arrays(), self.fit(small.data, seed=7).to_arrays()
        assert first.keys() == second.keys()
        for name, array in first.items():
            np.testing.assert_array_equal(array, second[name])

    def test_scoring_leaves_no_trace(self, small: World, fitted: Algorithm) -> None:
        prepared = fitted.prepare(small.slate(), now=NOW)
        before = fitted.score(small.person(1), prepared)
        for person in self.people(small):
            fitted.score(person, prepared)
        np.testing.assert_array_equal(before, fitted.score(small.person(1), prepared))

    def test_its_arrays_hold_numbers_only(self, fitted: Algorithm) -> None:
        for name, array in fitted.to_arrays().items():
            assert array.dtype.kind in "iufb", name

    def test_read_only_memory_maps_score_the_same(
        self, small: World, fitted: Algorithm, tmp_path: Path
    ) -> None:
        for name, array in fitted.to_arrays().items():
            np.save(tmp_path / f"{name}.npy", array, allow_pickle=False)
        mapped = {
            path.stem: np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None, allow_pickle=False)
            for path in tmp_path.iterdir()
        }
        restored = self.algorithm.from_arrays(mapped)
        ours, theirs = (each.prepare(small.slate(), now=NOW) for each in (fitted, restored))
        for person in self.people(small):
            np.testing.assert_array_equal(fitted.score(person, ours), restored.score(person, theirs))

    def test_its_reasons_add_up_to_its_score(self, small: World, fitted: Algorithm) -> None:
        prepared = fitted.prepare(small.slate(), now=NOW)
        rows = np.arange(len(small.upcoming))
        for person in self.people(small):
            explained = fitted.explain(person, prepared, rows)
            sums = [sum(part.value * part.weight for part in parts) for parts in explained]
            np.testing.assert_allclose(sums, fitted.score(person, prepared), rtol=1e-4, atol=1e-4)

    def test_its_reasons_come_largest_first_and_once_each(self, small: World, fitted: Algorithm) -> None:
        prepared = fitted.prepare(small.slate(), now=NOW)
        for parts in fitted.explain(small.person(2), prepared, np.arange(5)):
            sizes = [abs(part.value * part.weight) for part in parts]
            assert sizes == sorted(sizes, reverse=True)
            assert 0 not in sizes
            assert len({part.code for part in parts}) == len(parts)

    @pytest.mark.parametrize("action", ["hide", "thumbs_down", "skip"])
    def test_turning_an_event_down_lowers_what_is_like_it(
        self, small: World, fitted: Algorithm, action: str
    ) -> None:
        """Whatever else the person did; by artist, venue, promoter or genre alone, or all together."""
        generator = np.random.default_rng(3)
        for _ in range(8):
            *chosen, refused = generator.choice(len(small.events), 6, replace=False)
            history = [small.events[row] for row in chosen]
            weights = generator.choice(list(ACTION_WEIGHTS.values()), len(history)).tolist()
            slate = [*likes_of(small.events[refused]), *small.upcoming]
            for past, weighed in ((history, weights), ([], [])):
                before = self.scores(fitted, somebody(past, weighed), slate)
                refusing = somebody([*past, small.events[refused]], [*weighed, ACTION_WEIGHTS[action]])
                after = self.scores(fitted, refusing, slate)
                assert (after[:LIKES] < before[:LIKES]).all()
                assert (after <= before + 1e-6).all()

    def test_any_history_gives_a_list_of_ones_own(self, small: World, fitted: Algorithm) -> None:
        """Neither empty nor what everybody gets, even after one look."""
        if not self.personal:
            pytest.skip("everybody gets the same list")
        prepared = fitted.prepare(small.slate(), now=NOW)
        everybodys = fitted.score(nobody(), prepared)
        generator = np.random.default_rng(4)
        for _ in range(25):
            size = int(generator.integers(1, 5))
            history = [small.events[row] for row in generator.choice(len(small.events), size)]
            weights = generator.choice([0.2, 1.0, 1.5, -1.0], size).tolist()
            added = fitted.score(somebody(history, weights), prepared) - everybodys
            assert np.ptp(added) > 1e-3

    def test_a_brand_new_artist_counts_at_once(self, small: World, fitted: Algorithm) -> None:
        """For a person whose every word is unknown to the model."""
        if not self.personal:
            pytest.skip("everybody gets the same list")
        facts: dict[str, Any] = {"artists": ["Brand New"], "promoter": "Just Founded"}
        slate = slate_of([concert("again", **facts), *small.upcoming], [0.0, *[5.0] * len(small.upcoming)])
        prepared = fitted.prepare(slate, now=NOW)
        new = somebody([concert("first", **facts)])
        gained = fitted.score(new, prepared) - fitted.score(nobody(), prepared)
        assert gained.argmax() == 0
        assert gained[0] > gained[1:].max() + 1e-3

    def test_an_event_announced_a_moment_ago_is_reached(self, small: World, fitted: Algorithm) -> None:
        """By one of its words that the person liked, before anybody has touched it."""
        if not self.personal:
            pytest.skip("everybody gets the same list")
        for user in range(4):
            liked = next(event for event in small.events if event.genres[0] == small.likes[user])
            fresh = [*likes_of(liked)[:2], concert("other", artists=["x"], promoter="y")]
            scores = self.scores(fitted, small.person(user), [*fresh, *small.upcoming])
            assert scores[:2].min() > scores[2]

    def test_the_same_event_twice_scores_the_same_twice(self, small: World, fitted: Algorithm) -> None:
        events = [small.upcoming[0], small.upcoming[0]]
        scores = self.scores(fitted, small.person(0), events)
        assert scores[0] == pytest.approx(scores[1], abs=0.5)  # one of them is first in the promoter's diary

    def test_it_prefers_what_a_person_likes(self, small: World, fitted: Algorithm) -> None:
        if not self.personal:
            pytest.skip("everybody gets the same list")
        genres = np.array(small.genres_on_slate())
        prepared = fitted.prepare(small.slate(), now=NOW)
        for user in range(10):
            scores = fitted.score(small.person(user), prepared)
            mine = genres == small.likes[user]
            assert scores[mine].mean() > scores[~mine].mean()

    def test_different_tastes_get_different_lists(self, small: World, fitted: Algorithm) -> None:
        if not self.personal:
            pytest.skip("everybody gets the same list")
        prepared = fitted.prepare(small.slate(), now=NOW)
        one, other = small.likes.index("folk"), small.likes.index("metal")
        best = [int(np.argmax(fitted.score(small.person(user), prepared))) for user in (one, other)]
        assert best[0] != best[1]

    def test_the_order_of_the_slate_does_not_matter(self, small: World, fitted: Algorithm) -> None:
        events = small.upcoming
        forwards = self.scores(fitted, small.person(3), events)
        backwards = self.scores(fitted, small.person(3), events[::-1])
        np.testing.assert_allclose(forwards, backwards[::-1], rtol=1e-4, atol=1e-4)


LIKES = 5


def likes_of(event: EventFacts) -> list[EventFacts]:
    """Coming events with all of its words, and with only one kind of them each."""
    words: dict[str, Any] = {
        "artists": event.artists,
        "promoter": event.promoter,
        "venue": event.venue,
        "genres": event.genres,
    }
    return [concert("all", **words), *(concert(kind, **{kind: value}) for kind, value in words.items())]


def stater() -> Person:
    """Somebody with no history who says what they like."""
    words = {
        Field.ARTIST: np.array([token(Field.ARTIST, "jazz artist 1")], np.uint64),
        Field.GENRE: np.array([token(Field.GENRE, "jazz")], np.uint64),
        Field.CITY: np.array([token(Field.CITY, "Dublin")], np.uint64),
    }
    empty = nobody()
    taste = Taste(words, latitude=53.35, longitude=-6.26, radius_km=10.0, budget_max=20.0)
    return Person(empty.events, empty.weight, empty.occurred_at, taste)


def haters(small: World) -> Person:
    """Somebody who has only turned things down."""
    table = EventTable.of(small.events[:3])
    return Person(table, np.full(3, -1.0, np.float32), np.full(3, NOW - DAY))
