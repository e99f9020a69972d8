"""The command `starbot sandbox`: what it prints is what a bot needs, and what it serves is a sandbox."""

import json
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from starbot import settings
from starbot.cli.main import app
from starbot.cli.sandbox import environment, manifest_path
from starbot.core.facts import Person
from starbot.services.people import PeopleFile


def printed_environment(*arguments: str) -> dict[str, str]:
    answer = CliRunner().invoke(app, ["sandbox", "--print-env", *arguments])
    assert answer.exit_code == 0
    lines = [line.removeprefix("export ").partition("=") for line in answer.output.splitlines()]
    return {name: shlex.split(value)[0] for name, _, value in lines}


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a sandbox that the command serves."""
    command = [sys.executable, "-u", "-m", "starbot", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found[0]
                break
        process.terminate()


def test_the_printed_environment_is_complete(tmp_path: Path) -> None:
    told = settings.load(printed_environment("--port", "8765"), tmp_path)
    assert told.env.gitlab_url == "http://127.0.0.1:8765/gitlab"
    assert told.env.slack_api_url == "http://127.0.0.1:8765/slack/api/"


def test_the_people_file_names_the_managers_and_leaves_out_what_is_not_known(tmp_path: Path) -> None:
    told = settings.load(printed_environment(), tmp_path)
    assert told.env.people
    people = PeopleFile.read(told.env.people)
    lena, tomas = (people.known(Person(name="", slack=one)) for one in ("U0LENA", "U0TOMAS"))
    assert (lena.name, lena.gitlab) == ("Lena Vogt", "lvogt")
    assert (tomas.name, tomas.gitlab) == ("Tomas Novak", "")


def test_every_printed_variable_is_one_that_the_bot_reads(tmp_path: Path) -> None:
    known = {settings.variable(field) for field in settings.Env.model_fields}
    assert set(environment("http://127.0.0.1:1", tmp_path, tmp_path)) <= known


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    answer = CliRunner().invoke(app, ["sandbox", "--scenario", "doomsday"])
    assert answer.exit_code == 2
    assert "Take one of: weekday" in answer.output


def test_the_environment_of_no_port_is_refused() -> None:
    assert CliRunner().invoke(app, ["sandbox", "--print-env", "--port", "0"]).exit_code == 2


def test_the_manifest_is_found() -> None:
    assert yaml.safe_load(manifest_path().read_text("utf-8"))["settings"]["socket_mode_enabled"] is True


def test_the_command_serves_the_scenario(served: str) -> None:
    with urllib.request.urlopen(f"{served}/_sandbox/clock") as answer:
        assert json.load(answer)["now"].startswith("2026-11-17T14:0")
