"""`manage.py up`: what a new machine is told."""

import io
import os
import socket
import subprocess
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from feedback.models import Feedback
from recommendations.demonstration.showcase import showcases
from recommendations.demonstration.world import World
from tests.servers.running import free_port

PEOPLE = 40
LATE = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # the next day already in Dublin


@pytest.mark.django_db
def test_it_tells_to_try_the_people_of_the_day_that_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds: list[date] = []
    make = World.__init__

    def counted(world: World, *arguments: Any, **named: Any) -> None:
        make(world, *arguments, **named)
        worlds.append(world.today)

    monkeypatch.setattr(World, "__init__", counted)
    monkeypatch.setattr("craic_ml.management.commands.up.DEFAULT_PEOPLE", PEOPLE)
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATE)
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.chdir(os.curdir)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    monkeypatch.setattr(os, "execv", lambda _, command: started.append(command))
    said = io.StringIO()
    call_command("up", stdout=said)
    assert worlds == [date(2026, 7, 2)]  # made once
    assert Feedback.objects.exists()
    _, welcome = said.getvalue().split("Five things to try")
    for person in showcases(World(1, date(2026, 7, 2), PEOPLE), url=f"http://127.0.0.1:{port}"):
        assert person.command in welcome
    assert [command[1:] for command in started] == [
        ["manage.py", "retrain"],
        ["-m", "honcho", "start", "--env", os.devnull],
    ]


def test_it_says_at_once_when_the_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        monkeypatch.setenv("PORT", str(holder.getsockname()[1]))
        with pytest.raises(CommandError, match="is taken"):
            call_command("up")


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_it_refuses_what_is_no_port(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match="give a number from 1 to 65535"):
        call_command("up")
