"""The command `starbot demo`, played for real: its two processes, its story, its end on every path."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from starbot.cli.children import Child, ChildEnded
from starbot.cli.demo import free_port
from starbot.cli.main import app
from starbot.cli.show import Show
from starbot.cli.story import STEPS
from starbot.cli.timeline import library, tell
from starbot_sandbox.server import listening

pytestmark = pytest.mark.long

LINE = re.compile(r" *\d+\.\d\d s  (demo|Slack|GitLab|Zendesk|PagerDuty) +\S.*")


@contextmanager
def playing(folder: Path, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The demo in a process of its own, whose output is read line by line."""
    command = [sys.executable, "-m", "starbot", "demo", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def lines_until(process: subprocess.Popen[str], *words: str) -> list[str]:
    """The next lines up to the one with which all of `words` have been printed."""
    assert process.stdout
    lines: list[str] = []
    missing = set(words)
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        missing -= {each for each in missing if each in line}
        if not missing:
            return lines
    raise AssertionError(f"{missing} was never printed: {lines}")


def modules_of_children(pid: int) -> dict[str, int]:
    """Module and process id of the processes that a process started, and of theirs."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        found |= {words[words.index("-m") + 1]: int(child)} | modules_of_children(int(child))
    return found


def address_in(lines: list[str]) -> str:
    """The sandbox's address."""
    found = re.search(r"http://[\d.:]+", "\n".join(lines))
    assert found
    return found[0]


def is_answering(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_sandbox/clock", timeout=5).close()
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def test_the_demo_plays_the_whole_story_in_any_folder(tmp_path: Path) -> None:
    started = time.monotonic()
    with playing(tmp_path, "--once") as process:
        assert process.stdout
        first = process.stdout.readline()
        until_first_s = time.monotonic() - started
        told, ending = process.stdout.read().split("\n\n", 1)
        assert process.wait(20) == 0
    # Whoever waits is told at once what for.
    assert until_first_s < (time.monotonic() - started) / 2
    lines = [first.rstrip("\n"), *told.splitlines()]
    assert all(LINE.fullmatch(line) for line in lines)
    libraries = {line.rpartition("[")[2].partition(" ")[0] for line in lines if line.endswith("]")}
    assert libraries >= {"slack_bolt", "slack_sdk", "python-gitlab", "zenpy", "pdpyras"}
    last = ending.splitlines()[-1]
    assert last.startswith(
        f"{len(STEPS)} of {len(STEPS)} steps seen in the four systems. Calls for this STAR: "
    )
    assert all(
        f"{name} " in last for name in ("slack-bolt", "slack-sdk", "python-gitlab", "zenpy", "pdpyras")
    )
    assert last.endswith("The vendors are simulated: nothing left this machine.")
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_real_configuration_reaches_the_demo(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITLAB_URL=https://gitlab.invalid\n")
    (tmp_path / "starbot.toml").write_text("[slack]\nstar_channel = 'elsewhere'\n")
    real = {"SLACK_BOT_TOKEN": "xoxb-real", "STARBOT_CONFIG": "gone.toml", "ZENDESK_EMAIL": "me@example.com"}
    proxies = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    with playing(tmp_path, "--json", **real, **proxies) as process:
        assert process.stdout
        rows: list[dict[str, Any]] = [json.loads(line) for line in process.stdout]
        assert process.wait(20) == 0
    assert all(set(row) == {"seconds", "system", "what", "by"} for row in rows[:-1])
    last = rows[-1]
    assert list(last) == ["ok", "steps", "calls", "elapsed_ms"]
    assert last["ok"] is True and all(step["seen"] for step in last["steps"])
    assert set(last["calls"]) == {"slack", "gitlab", "zendesk", "pagerduty"}
    assert all(last["calls"].values()) and 0 < last["elapsed_ms"] < 60_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands to try need curl")
def test_it_stays_on_the_next_free_port_with_commands_that_work_until_ctrl_c(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with playing(tmp_path, "--stay", "--pace", "0", "--port", str(port)) as process:
            lines = [*lines_until(process, "point Noah Berg's"), *lines_until(process, "curl")]
            url = address_in(lines)
            assert f"port {port} is taken" in "\n".join(lines)
            assert not url.endswith(f":{port}")
            tried = [line.strip() for line in lines if line.strip().startswith("curl")]
            assert len(tried) == 3
            for command in tried:
                subprocess.run(command, shell=True, check=True, capture_output=True, timeout=20)
            lines_until(
                process,
                "(answered 503)",
                "issue #2 opened",
                "the bot answers in the thread: “Your STAR needs something from you.”",
                "the bot answers in the thread: “Thank you for looking after this customer.",
            )
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
    assert not is_answering(url)


def test_it_opens_the_page_in_a_browser_and_warns_whoever_lets_others_in(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    with playing(tmp_path, "--json", "--open", "--host", "0.0.0.0", BROWSER=str(browser)) as process:
        lines = lines_until(process, "WARNING", "open the Socket Mode connection")
        url = address_in(lines)
        assert (tmp_path / "opened").read_text().strip() == url
        assert re.search(
            rf"WARNING: .* has the token may use the sandbox: http://\S+:{url.rpartition(':')[2]}/\?token=\w+",
            "\n".join(lines),
        )


def test_a_bot_that_dies_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    with playing(tmp_path, "--json") as process:
        lines = lines_until(process, "open the Socket Mode connection")
        children = modules_of_children(process.pid)
        os.kill(children["starbot"], signal.SIGKILL)
        assert process.stdout and process.stderr
        last = json.loads(process.stdout.read().splitlines()[-1])
        assert "The bot ended by itself (status -9). The last lines of its log:" in process.stderr.read()
        assert process.wait(10) == 1
    assert last["ok"] is False and "bot" in last["error"]
    assert not is_answering(address_in(lines))
    assert not Path(f"/proc/{children['starbot_sandbox']}").exists()


def test_being_told_to_end_ends_its_processes_too(tmp_path: Path) -> None:
    with playing(tmp_path, "--once") as process:
        lines_until(process, "listens on")
        children = modules_of_children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())


def test_a_process_that_never_became_ready_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        Child("bot", "starbot", "run", folder=tmp_path, environ={}) as child,
        pytest.raises(ChildEnded, match=r"The bot ended by itself \(status 2\)") as ended,
    ):
        child.says("listening", 20)
    assert any("SLACK_BOT_TOKEN is not set" in line for line in ended.value.tail)


def test_a_step_that_was_not_seen_is_named_and_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    seen = {step.what for step in STEPS[1:]}
    assert Show().ending(seen, {"slack": 1, "gitlab": 1, "zendesk": 1, "pagerduty": 1}) is False
    printed = capsys.readouterr().out
    assert f"NOT SEEN  Slack     {STEPS[0].what}" in printed
    assert f"{len(STEPS) - 1} of {len(STEPS)} steps seen" in printed


def test_ending_and_staying_cannot_both_be_asked_for() -> None:
    assert CliRunner().invoke(app, ["demo", "--once", "--stay"]).exit_code == 2


def test_any_port_stays_any_port() -> None:
    assert free_port(0, Show()) == 0


def request(service: str, call: str, **more: Any) -> dict[str, Any]:
    method, path = call.split(" ")
    row = {"kind": "request", "service": service, "method": method, "path": path, "status": 200}
    return {**row, "request": None, "response": None, "user_agent": "curl/8", "fault": None, **more}


def test_a_call_without_words_is_told_by_its_path() -> None:
    told = tell(request("gitlab", "DELETE /gitlab/api/v4/projects/a%2Fb", status=403), {}, "")
    assert told == ("GitLab", "DELETE /gitlab/api/v4/projects/a/b (answered 403)", "curl/8")


def test_slacks_no_is_told_though_its_status_is_200() -> None:
    told = tell(request("slack", "POST /slack/api/auth.test", response={"ok": False, "error": "no"}), {}, "")
    assert told is not None and told.what.endswith("(answered no)")


def test_an_echo_of_the_bots_own_message_is_left_out() -> None:
    event = {"type": "message", "app_id": "A1", "user": "U1", "text": "mine"}
    row = {"kind": "delivery", "status": 200, "request": {"payload": {"event": event}}}
    assert tell(row, {}, "slack_bolt 1") is None


def test_a_webhook_of_pagerduty_is_told_by_its_type() -> None:
    row = {"kind": "delivery", "service": "pagerduty", "method": "incident.escalated", "status": 503}
    told = tell({**row, "request": {"payload": {}}, "response": ""}, {}, "")
    assert told == ("PagerDuty", "tells: incident.escalated (answered 503)", "webhook v3")


def test_the_library_is_read_from_the_user_agent() -> None:
    assert library("Python/3.11.7 slackclient/3.47.0 Linux/6") == "slack_sdk 3.47.0"
    assert library("pdpyras/5.4.1 python-requests/2.34.2 Python/3.11") == "pdpyras 5.4.1"
