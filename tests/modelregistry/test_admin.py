import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from modelregistry.models import ChampionChange, ModelVersion, RunState, TrainingRun, Trigger
from modelregistry.runs import run_enqueue, run_finish, run_report, run_start
from tests.modelregistry.factories import NOW, champion, corrupt, version

pytestmark = pytest.mark.django_db

_METRICS = {"validation_metrics": {"ndcg_at_10": 0.4321, "popularity": {"ndcg_at_10": 0.1234}}}


@pytest.fixture
def staff(admin_user: User, client: Client) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def onlooker(client: Client) -> Client:
    """Staff who may look at everything here and change nothing."""
    user = User.objects.create_user("ciara", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="modelregistry", codename__startswith="view_")
    )
    client.force_login(user)
    return client


def _address(row: ModelVersion, verb: str) -> str:
    return reverse(f"admin:modelregistry_modelversion_{verb}", args=(row.pk,))


def _page(client: Client, name: str, *arguments: object) -> str:
    response = client.get(reverse(f"admin:modelregistry_{name}", args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def _run() -> TrainingRun:
    run = run_enqueue(trigger=Trigger.ADMIN, requested_by="staff:aoife", parameters={"seed": 7}, now=NOW)
    run_start(run=run, now=NOW)
    run_report(run=run, progress=0.42, stage="Fitting hybrid", line="20 people <b>", now=NOW)
    return run


def test_a_running_run_shows_how_far_it_is(staff: Client) -> None:
    run = _run()
    page = _page(staff, "trainingrun_changelist")
    assert "Running" in page
    assert "42 % · Fitting hybrid" in page
    page = _page(staff, "trainingrun_change", run.pk)
    assert "03:00:00 20 people &lt;b&gt;" in page
    assert "staff:aoife" in page


def test_a_finished_run_shows_its_metrics_as_a_table_and_its_version(staff: Client) -> None:
    run = _run()
    row = version()
    ModelVersion.objects.filter(pk=row.pk).update(run=run)
    run_finish(
        run=run, state=RunState.KEPT, outcome="Not better", metrics=_METRICS, peak_memory_mb=321.4, now=NOW
    )
    page = _page(staff, "trainingrun_change", run.pk)
    for text in ("Champion kept", "Not better", "NDCG@10", "0.4321", "0.1234", "321 MB", ">v1</a>"):
        assert text in page
    assert "ndcg_at_10" not in page


def test_a_failed_run_shows_why(staff: Client) -> None:
    run = _run()
    run_finish(run=run, state=RunState.FAILED, error="No space left on device", now=NOW)
    assert "No space left on device" in _page(staff, "trainingrun_changelist")
    assert "No space left on device" in _page(staff, "trainingrun_change", run.pk)


def test_versions_show_the_champion_and_quality_beside_popularity(staff: Client) -> None:
    row = champion()
    ModelVersion.objects.filter(pk=row.pk).update(metrics=_METRICS)
    page = _page(staff, "modelversion_changelist")
    assert "Champion" in page
    assert "0.4321 (0.1234)" in page
    page = _page(staff, "modelversion_change", row.pk)
    assert "Popularity (baseline)" in page
    assert "by test: Tested" in page


def test_a_version_shows_intervals_and_who_is_served_how_well(staff: Client) -> None:
    row, part = version(), {"ndcg_at_10": 0.3, "intervals": {"ndcg_at_10": [0.2, 0.4]}}
    figures = part | {"popularity": part, "by_history": {"0": {"users": 12, **part}, "over 20": part}}
    ModelVersion.objects.filter(pk=row.pk).update(metrics={"validation_metrics": figures})
    for page in (
        _page(staff, "modelversion_change", row.pk),
        _page(staff, "modelversion_promote", row.pk),
    ):
        assert "0.3000 (0.2000 to 0.4000)" in page
    page = _page(staff, "modelversion_change", row.pk)
    for text in ("By history", "Over 20", "Users"):
        assert text in page


def test_pages_without_rows_and_versions_without_metrics_are_shown_too(staff: Client) -> None:
    for name in ("trainingrun", "modelversion", "championchange"):
        _page(staff, f"{name}_changelist")
    row = version()
    assert "– (–)" in _page(staff, "modelversion_changelist")
    assert "None were recorded." in _page(staff, "modelversion_change", row.pk)
    assert "Promote v1" in _page(staff, "modelversion_promote", row.pk)


def test_promoting_asks_why_and_records_who(staff: Client) -> None:
    champion()
    row = version()
    assert "Reason" in staff.get(_address(row, "promote")).content.decode()
    response = staff.post(_address(row, "promote"), {"reason": "Better for Cork"}, follow=True)
    assert "v2 is the champion now in place of v1." in response.content.decode()
    change = ChampionChange.objects.first()
    assert change is not None
    assert (change.version, change.actor, change.reason) == (row, "staff:admin", "Better for Cork")
    assert "Better for Cork" in _page(staff, "championchange_changelist")


def test_rolling_back_returns_to_the_version_on_the_row(staff: Client) -> None:
    first = champion()
    champion()
    staff.post(_address(first, "roll_back"), {"reason": "Bad lists"})
    change = ChampionChange.objects.first()
    assert change is not None
    assert (change.kind, change.version) == ("rollback", first)


@pytest.mark.parametrize("verb", ["promote", "roll_back"])
def test_looking_at_the_form_changes_nothing_nor_does_an_empty_reason(staff: Client, verb: str) -> None:
    first = champion()
    second = champion()
    staff.get(_address(first, verb))
    response = staff.post(_address(first, verb), {"reason": " "})
    assert "Say why; it is kept in the history." in response.content.decode()
    assert ModelVersion.objects.champion() == second


def test_a_damaged_version_is_refused_on_the_page(staff: Client) -> None:
    first = champion()
    second = version()
    corrupt(second)
    response = staff.post(_address(second, "promote"), {"reason": "Try"})
    assert "scores.npy is not the file that was registered" in response.content.decode()
    assert ModelVersion.objects.champion() == first


def test_only_what_can_be_done_is_offered(staff: Client) -> None:
    first, newcomer = champion(), version()
    second = champion()
    offered = {
        row: [verb for verb in ("promote", "roll_back") if _address(row, verb) in page]
        for row in (first, newcomer, second)
        for page in [_page(staff, "modelversion_change", row.pk)]
    }
    assert offered == {first: ["promote", "roll_back"], newcomer: ["promote"], second: []}


@pytest.mark.parametrize("verb", ["promote", "roll_back"])
def test_without_the_permission_the_champion_stays(onlooker: Client, verb: str) -> None:
    first = champion()
    second = champion()
    assert _address(first, verb) not in _page(onlooker, "modelversion_change", first.pk)
    assert onlooker.get(_address(first, verb)).status_code == 403
    assert onlooker.post(_address(first, verb), {"reason": "Try"}).status_code == 403
    assert ModelVersion.objects.champion() == second


@pytest.mark.parametrize("model", ["trainingrun", "modelversion", "championchange"])
def test_history_is_read_only_even_for_a_superuser(staff: Client, model: str) -> None:
    _run()
    row = champion()
    assert staff.get(reverse(f"admin:modelregistry_{model}_add")).status_code == 403
    assert staff.post(reverse(f"admin:modelregistry_{model}_delete", args=(1,))).status_code == 403
    changed = staff.post(reverse(f"admin:modelregistry_{model}_change", args=(row.pk,)), {"reason": "x"})
    assert changed.status_code in {302, 403}
    assert ChampionChange.objects.get().reason == "Tested"


def test_retrain_now_is_a_post_for_those_who_may(staff: Client) -> None:
    page = _page(staff, "trainingrun_changelist")
    assert f'<form method="post" action="{reverse("admin-retrain")}"' in page
    assert "Retrain now" in page
    _run()
    page = _page(staff, "trainingrun_changelist")
    assert "one run at a time" in page
    assert "disabled" in page


def test_retrain_now_is_not_offered_to_those_who_may_not(onlooker: Client) -> None:
    assert "Retrain now" not in _page(onlooker, "trainingrun_changelist")
