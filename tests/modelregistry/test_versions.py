import pytest
from django.db import IntegrityError

from common.errors import Conflict, InvalidInput, NotFound
from modelregistry.manifests import ArtefactRefused
from modelregistry.models import ChampionChange, ChangeKind, ModelVersion
from modelregistry.versions import AlreadyChampion, champion_rollback, version_promote
from tests.modelregistry.factories import NOW, champion, corrupt, minutes, race, version

pytestmark = pytest.mark.django_db


def _promote(row: ModelVersion, reason: str = "Better") -> ChampionChange:
    return version_promote(version=row, actor="cron", reason=reason, now=NOW + minutes(5))


def _rollback(to: ModelVersion | None = None) -> ChampionChange:
    return champion_rollback(actor="staff:aoife", reason="Bad lists", to=to, now=NOW + minutes(9))


def _served() -> ModelVersion | None:
    return ModelVersion.objects.champion()


def test_versions_are_numbered_in_order() -> None:
    assert [version().name for _ in range(3)] == ["v1", "v2", "v3"]


def test_a_new_version_is_not_served_until_it_is_promoted() -> None:
    row = version()
    assert _served() is None
    _promote(row)
    assert _served() == row


def test_a_version_is_never_deleted_so_its_number_never_comes_back() -> None:
    version()
    row = version()
    with pytest.raises(TypeError):
        row.delete()
    with pytest.raises(TypeError):
        ModelVersion.objects.all().delete()
    assert version().number == 3


@pytest.mark.django_db(transaction=True)
def test_versions_registered_at_the_same_moment_get_different_numbers() -> None:
    results = race(*[version] * 6)
    numbers = sorted(row.number for row in results if isinstance(row, ModelVersion))
    assert numbers == [1, 2, 3, 4, 5, 6], results


def test_a_version_is_found_by_its_name_or_number() -> None:
    row = version()
    assert ModelVersion.objects.by_name("v1") == ModelVersion.objects.by_name(" 1 ") == row


@pytest.mark.parametrize("name", ["v2", "", "v", "latest", "-1", "v1; drop", "99999999999999999999"])
def test_an_unknown_name_is_not_found(name: str) -> None:
    version()
    with pytest.raises(NotFound):
        ModelVersion.objects.by_name(name)


def test_a_promotion_says_what_it_replaced_by_whom_and_why() -> None:
    first, second = champion(), version()
    change = _promote(second, reason="  Better on the hold-out ")
    assert (change.kind, change.version, change.previous) == (ChangeKind.PROMOTION, second, first)
    assert (change.actor, change.reason) == ("cron", "Better on the hold-out")
    assert change.at == change.version.deployed_at == NOW + minutes(5)
    first.refresh_from_db()
    assert (first.is_champion, change.version.is_champion) == (False, True)


def test_promoting_the_champion_again_is_a_conflict_and_leaves_no_trace() -> None:
    row = champion()
    with pytest.raises(AlreadyChampion):
        _promote(row)
    assert ChampionChange.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_every_change_needs_a_reason(reason: str) -> None:
    champion()
    second = version()
    with pytest.raises(InvalidInput) as refused:
        _promote(second, reason=reason)
    assert refused.value.errors == {"reason": ["A change of champion needs a reason."]}
    with pytest.raises(InvalidInput):
        champion_rollback(actor="cron", reason=reason, to=None, now=NOW)


def test_a_damaged_version_is_not_promoted() -> None:
    first, second = champion(), version()
    corrupt(second)
    with pytest.raises(ArtefactRefused):
        _promote(second)
    assert _served() == first
    assert ChampionChange.objects.count() == 1


def test_the_database_itself_refuses_a_second_champion() -> None:
    champion()
    second = version()
    second.champion_slot = 1
    with pytest.raises(IntegrityError):
        second.save()


@pytest.mark.django_db(transaction=True)
def test_of_promotions_at_the_same_moment_each_follows_the_other_and_one_is_champion() -> None:
    champion()
    rows = [version() for _ in range(4)]
    results = race(*[lambda row=row: _promote(row) for row in rows])
    assert all(isinstance(result, ChampionChange) for result in results), results
    history = list(ChampionChange.objects.order_by("id"))
    assert [change.previous for change in history[1:]] == [change.version for change in history[:-1]]
    assert _served() == history[-1].version


@pytest.mark.django_db(transaction=True)
def test_of_first_promotions_at_the_same_moment_the_second_replaces_the_first() -> None:
    rows = [version(), version()]
    results = race(*[lambda row=row: _promote(row) for row in rows])
    assert all(isinstance(result, ChampionChange) for result in results), results
    assert ChampionChange.objects.filter(previous=None).count() == 1
    assert ModelVersion.objects.filter(champion_slot=1).count() == 1


@pytest.mark.django_db(transaction=True)
def test_promoting_the_same_version_twice_at_the_same_moment_happens_once() -> None:
    champion()
    row = version()
    results = race(lambda: _promote(row), lambda: _promote(row))
    assert sorted(type(result).__name__ for result in results) == ["AlreadyChampion", "ChampionChange"]


def test_two_rollbacks_in_a_row_go_further_back() -> None:
    first, second, third = champion(), champion(), champion()
    change = _rollback()
    assert (change.kind, change.version, change.previous) == (ChangeKind.ROLLBACK, second, third)
    assert _rollback().version == first
    with pytest.raises(Conflict) as refused:
        _rollback()
    assert refused.value.code == "no_earlier_champion"
    assert _served() == first


def test_after_a_rollback_and_a_promotion_the_bad_version_is_not_returned_to() -> None:
    first, _bad = champion(), champion()
    _rollback()
    champion()
    assert _rollback().version == first


def test_a_version_promoted_again_is_in_the_history_twice() -> None:
    first, second = champion(), champion()
    _promote(first)
    assert _rollback().version == second
    assert _rollback().version == first


def test_a_rollback_can_name_an_earlier_champion() -> None:
    first, _second, third = champion(), champion(), champion()
    assert _rollback(to=first).version == first
    with pytest.raises(Conflict):
        _rollback()
    assert _rollback(to=third).version == third
    assert _rollback().version == first


def test_a_version_that_was_never_champion_is_not_rolled_back_to() -> None:
    champion()
    other = version()
    with pytest.raises(Conflict) as refused:
        _rollback(to=other)
    assert refused.value.code == "never_champion"


def test_a_rollback_to_the_champion_is_a_conflict() -> None:
    champion()
    with pytest.raises(AlreadyChampion):
        _rollback(to=champion())


def test_a_rollback_to_a_damaged_version_changes_nothing() -> None:
    first, second = champion(), champion()
    corrupt(first)
    with pytest.raises(ArtefactRefused):
        _rollback()
    assert _served() == second


@pytest.mark.django_db(transaction=True)
def test_rollbacks_at_the_same_moment_follow_one_another_or_are_refused() -> None:
    _first, second, _third = champion(), champion(), champion()
    results = race(_rollback, _rollback)
    # When one is done before the other has looked, the second is a rollback of its own.
    done = [result for result in results if isinstance(result, ChampionChange)]
    assert len(done) == ChampionChange.objects.filter(kind=ChangeKind.ROLLBACK).count() >= 1
    assert all(isinstance(result, ChampionChange | Conflict) for result in results)
    assert min(done, key=lambda change: change.pk).version == second
    assert ModelVersion.objects.filter(champion_slot=1).count() == 1


def test_the_history_of_champions_cannot_be_rewritten() -> None:
    champion()
    change = ChampionChange.objects.get()
    change.reason = "Something nicer"
    for rewrite in (
        change.save,
        change.delete,
        ChampionChange.objects.all().delete,
        lambda: ChampionChange.objects.update(reason="Something nicer"),
    ):
        with pytest.raises(TypeError):
            rewrite()
    assert ChampionChange.objects.get().reason == "Tested"


def test_it_knows_what_was_live_at_a_moment() -> None:
    first = champion()
    _promote(version())
    assert ChampionChange.objects.at(NOW - minutes(1)) is None
    at_four = ChampionChange.objects.at(NOW + minutes(4))
    assert at_four is not None
    assert at_four.version == first


def test_a_long_name_of_who_promoted_is_cut_and_does_not_fail() -> None:
    change = version_promote(version=version(), actor="n" * 300, reason="Better", now=NOW)
    change.refresh_from_db()
    assert change.actor == "n" * 200
