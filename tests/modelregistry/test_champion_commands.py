import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from modelregistry.models import ChampionChange, ModelVersion
from tests.modelregistry.factories import champion, corrupt, version

pytestmark = pytest.mark.django_db


def _call(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


def _refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        _call(*arguments)
    assert refused.value.returncode == 1
    return str(refused.value)


def test_promote_makes_the_version_champion_and_says_so() -> None:
    champion()
    row = version()
    said = _call("promote", "v2", "--reason", "Better for Cork", "--actor", "aoife")
    assert said.startswith("v2 is the champion now in place of v1.")
    assert ModelVersion.objects.champion() == row
    change = ChampionChange.objects.first()
    assert change is not None
    assert (change.actor, change.reason) == ("command:aoife", "Better for Cork")


def test_promote_refuses_a_damaged_version() -> None:
    corrupt(version())
    assert "scores.npy" in _refusal("promote", "v1", "--reason", "Try")
    assert ModelVersion.objects.champion() is None


def test_promote_refuses_an_unknown_version() -> None:
    assert _refusal("promote", "v9", "--reason", "Try") == "There is no model version v9."


def test_rollback_goes_to_the_champion_before() -> None:
    champion()
    champion()
    assert _call("rollback", "--reason", "Bad lists").startswith("v1 is the champion now in place of v2.")
    assert _refusal("rollback", "--reason", "More") == "There is no earlier champion to go back to."


def test_rollback_goes_to_the_version_it_is_given() -> None:
    for _ in range(3):
        champion()
    assert _call("rollback", "v1", "--reason", "Bad lists").startswith(
        "v1 is the champion now in place of v3."
    )


def test_a_change_needs_a_reason() -> None:
    champion()
    version()
    assert _refusal("promote", "v2", "--reason", " ") == "Say why."
    with pytest.raises(CommandError, match="--reason"):
        _call("promote", "v2")


@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_its_help_teaches_examples_and_exit_codes(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command, "--help"], capture_output=True, text=True, check=True
    )
    assert f"manage.py {command} v1" in done.stdout
    assert "exit codes:\n  0  " in done.stdout
