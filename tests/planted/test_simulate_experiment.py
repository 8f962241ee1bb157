import io
import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from experiments.models import Experiment, Exposure
from feedback.models import Feedback
from recommendations.planted import trial
from tests.experiments.factories import started

pytestmark = pytest.mark.django_db
SMALL = ("--users", "30", "--days", "3", "--baseline", "0.4")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("simulate_experiment", *SMALL, *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_was_planted_what_was_concluded_and_how_sure_that_is() -> None:
    said = run("--repetitions", "2", "--lift", "0.5")
    assert "30 people over 3 days, 2 variants, 9 daily looks, seed 1. 40% convert in control" in said
    assert "A power of 80 % for this lift takes" in said
    assert re.search(r"Repetitions +2\n", said)
    for line in ("ship", "roll back", "no effect found", "false ship rate", "power", "sample ratio"):
        assert f"  {line}" in said
    assert "treatment: +50.0% planted" in said
    assert "95 % interval holds the planted lift" in said
    assert "Repetition 2, look by look:" in said
    assert not Experiment.objects.exists()


def test_json_holds_every_day_and_the_summary() -> None:
    found = json.loads(run("--repetitions", "1", "--json"))
    assert found["planted"]["users"] == 30
    assert found["summary"]["repetitions"] == len(found["repetitions"]) == 1
    assert found["summary"]["false_ships"]["of"] == 1
    assert found["summary"]["power"] is None
    assert found["summary"]["verdicts"]["no_effect_found"] == 1
    assert [day["day"] for day in found["repetitions"][0]["days"]] == list(range(1, 10))
    assert found["repetitions"][0]["verdict"] == "no_effect_found"


def test_a_kept_experiment_has_a_review_page_until_the_next_run(
    client: Client, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_superuser("ann"))
    said = run("--repetitions", "2", "--keep")
    address = said.rsplit("its review page is ", 1)[1].strip()
    page = client.get(address)
    assert page.status_code == 200
    assert "Simulated" in page.content.decode()
    assert Experiment.objects.get().key == "simulated-1-2"
    removed = run("--repetitions", "0")
    assert "Removed the experiment kept before." in removed
    assert [table.objects.count() for table in (Experiment, Exposure, Feedback)] == [0, 0, 0]


def test_an_interruption_reports_what_was_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_run = trial.trial_run

    def interrupted(*, repetition: int, **options: Any) -> Any:
        if repetition == 2:
            raise KeyboardInterrupt
        return whole_run(repetition=repetition, **options)

    monkeypatch.setattr("recommendations.management.commands.simulate_experiment.trial_run", interrupted)
    said = run("--repetitions", "3")
    assert "Interrupted" in said
    assert re.search(r"Repetitions +1\n", said)


def test_it_is_refused_while_another_experiment_runs() -> None:
    started("rec_v1")
    with pytest.raises(CommandError, match="rec_v1 has not ended") as refused:
        run()
    assert refused.value.returncode == 1


@pytest.mark.parametrize("wrong", [("--lift", "2"), ("--baseline", "1"), ("--variants", "1")])
def test_wrong_usage_says_what_to_give(wrong: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=r"give|Give") as refused:
        run(*wrong)
    assert refused.value.returncode == 2
