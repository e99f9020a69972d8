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
from starbot.cli.sandbox import environment
from starbot.core.facts import Person
from starbot.services.people import PeopleFile
from starbot.settings import manifest_path


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


@pytest.fixture
def http_yml(tmp_path: Path) -> Path:
    """A manifest that switches Socket Mode off, with addresses of this machine."""
    manifest = yaml.safe_load(manifest_path().read_text("utf-8"))
    told = manifest["settings"]
    told["socket_mode_enabled"] = False
    told["event_subscriptions"]["request_url"] = "http://127.0.0.1:8099/slack/events"
    told["interactivity"]["request_url"] = "http://127.0.0.1:8099/slack/interactions"
    for command in manifest["features"]["slash_commands"]:
        command["url"] = "http://127.0.0.1:8099/slack/commands"
    path = tmp_path / "http.yml"
    path.write_text(yaml.safe_dump(manifest), "utf-8")
    return path


def test_a_manifest_for_http_brings_the_signing_secret_in_place_of_the_token(
    tmp_path: Path, http_yml: Path
) -> None:
    assert "SLACK_SIGNING_SECRET" not in printed_environment()
    told = printed_environment("--manifest", str(http_yml))
    assert (told["SLACK_SIGNING_SECRET"], told["STARBOT_LISTEN"]) == (
        "sandbox-signing-secret",
        "127.0.0.1:8099",
    )
    assert "SLACK_APP_TOKEN" not in told
    assert settings.load(told, tmp_path).env.listen_at == ("127.0.0.1", 8099)
    assert {*environment("http://127.0.0.1:1", tmp_path, tmp_path, "127.0.0.1:2")} <= {
        settings.variable(field) for field in settings.Env.model_fields
    }


@pytest.mark.parametrize("arguments", [["--print-env"], []])
def test_a_manifest_that_sends_elsewhere_is_refused(http_yml: Path, arguments: list[str]) -> None:
    http_yml.write_text(http_yml.read_text("utf-8").replace("127.0.0.1", "starbot.example.com"), "utf-8")
    answer = CliRunner().invoke(app, ["sandbox", "--manifest", str(http_yml), *arguments])
    assert answer.exit_code == 2
    assert "the sandbox needs http://127.0.0.1:PORT/" in answer.output


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
