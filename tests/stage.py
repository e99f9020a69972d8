"""The stage on which stories play: a sandbox of four vendors, a bot, and words for what people do.

The bot runs in this process on its real libraries, over loopback, with Socket Mode; only the crash tests
start it as a process of its own. Nothing here sleeps: waiting means asking the sandbox for the next thing
that happens, until what the story says is true.
"""

import functools
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import yaml
from dbos import DBOS

from starbot import settings
from starbot.app import Bot
from starbot.cli.sandbox import environment, write_people
from starbot.engine.database import engine_url
from starbot.engine.store import Store
from tests.sandbox.desk import Desk, serving

ROOT = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))

STARS, SELF_MANAGED, GITLAB_COM, MANAGERS = "C0STARS", "C0SELFM", "C0GLCOM", "C0MANAG"
BOT = "U0STARBOT"
LENA, MEI, MARIA, TOMAS = "U0LENA", "U0MEI", "U0MARIA", "U0TOMAS"
CASEY, ENGINEER, GUEST, STRANGER = "U0CASEY", "U0ENG01", "U0GUEST", "U0STRANGE"
PRIYA = "U0PRIYA"
"""She files STARs and is not in their channel."""
TICKET = 123456
CLOSED_TICKET, TICKET_WITHOUT_ORGANISATION, INTERNAL_REQUEST = 123470, 123472, 123482
ODD_TICKETS = (CLOSED_TICKET, TICKET_WITHOUT_ORGANISATION, INTERNAL_REQUEST)
ACKNOWLEDGE, RESOLVE, UNDO, RETRY, SEND = (
    "star_acknowledge",
    "star_resolve",
    "star_undo",
    "star_retry_0",
    "star_send_publicly",
)
DATABASE = "starbot.db"
ENDS_WITHIN_S = 1.0
WORKERS = "ThreadPoolExecutor"
"""How the names of the engine's threads begin."""
ACTED = "escalated_ticket"
"""The tag by which the macro is known."""

FIELDS = {
    "Ticket": str(TICKET),
    "Urgency": "Urgent",
    "Customer": "Aurora Robotics",
    "Plan": "Ultimate",
    "Reason this ticket needs additional attention": "They go live tomorrow morning.",
    "Desired result": "An engineer looks at it today.",
    "Submitted by": f"<@{CASEY}>",
}

TOGETHER_S = 0.04
"""What happens within this time of each other is looked at once."""


class Stage:
    """One fresh world and one bot in it. A process has one engine: the bot that starts last runs."""

    _playing: "ClassVar[Stage | None]" = None
    patience = "".join(
        f"[limits.{vendor}]\nsettle_s = 0.5\n" for vendor in ("slack", "gitlab", "zendesk", "pagerduty")
    )
    """How long a vendor may still be at work on a lost call: these vendors are quick."""

    def __init__(self, desk: Desk, folder: Path, database: str | None = None, listen: str = "") -> None:
        self.desk = desk
        people = shutil.copy(Path(_prepared().name) / "people.yml", folder)
        self.environ = environment(desk.url, Path(people), folder / DATABASE, listen)
        self.environ["STARBOT_LOG_LEVEL"] = "WARNING"
        self._has_own = database is not None
        if database is not None:
            self.environ["DATABASE_URL"] = database
        self.folder = folder
        self.bot: Bot | None = None
        self._others: set[threading.Thread] = set()
        self.configure("")
        self._last_row = 0
        self._tickets = (n for n in range(TICKET + 1, 123486) if n not in ODD_TICKETS)

    # -- the bot

    def configure(self, toml: str) -> None:
        """What the admin wrote into starbot.toml, before the bot starts. A story that says nothing of paging is not
        disturbed by looks at emergencies."""
        unwatched = "" if "[paging]" in toml else "\n[paging]\nemergency_poll_seconds = 0\n"
        (self.folder / "starbot.toml").write_text(self.patience + toml + unwatched, "utf-8")

    def start(self) -> "Stage":
        """Starts the bot in this process; returns once it listens."""
        if Stage._playing is not None:
            Stage._playing.stop()
        Stage._playing = self
        self._others = set(threading.enumerate())
        if not self._has_own and not (self.folder / DATABASE).exists():
            for file in Path(_prepared().name).glob("*.db"):
                shutil.copy(file, self.folder)
        self.bot = Bot(settings.load(self.environ, self.folder))
        self.bot.start()
        return self

    def stop(self) -> None:
        """Stops the bot, if it runs. What it was at may end, but no story waits long for that: it would speak in the
        next one."""
        if self.bot is not None:
            self.bot.stop(patience_s=0)
            self.bot = None
            Stage._playing = None
            until = time.monotonic() + ENDS_WITHIN_S
            for thread in set(threading.enumerate()) - self._others:
                if thread.name.startswith(WORKERS):
                    thread.join(max(0.0, until - time.monotonic()))

    # -- what goes wrong, and how time goes by

    def breaks(self, service: str, kind: str = "status", **more: Any) -> None:
        """Something goes wrong at a vendor from now on: `status`, `drop_after`, `delay_before` ..."""
        self.desk.post("faults", service=service, kind=kind, **more)

    def mends(self) -> None:
        """Nothing goes wrong any more."""
        self.desk.http.delete("/_sandbox/faults")

    def passes(self, minutes: float) -> None:
        """So many minutes of the sandbox's clock go by."""
        self.desk.post("clock", advance_s=minutes * 60)

    def fresh_ticket(self) -> int:
        """A ticket that no story on this stage has used."""
        return next(self._tickets)

    # -- what people do

    def files_star(self, *, without: tuple[str, ...] = (), **fields: str) -> str:
        """The STAR form is sent; answers the ts of its post. Fields by label, or the whole `text`."""
        if "text" in fields:
            return str(self.desk.post("slack/form", channel=STARS, text=fields["text"])["ts"])
        filled = {label: answer for label, answer in {**FIELDS, **fields}.items() if label not in without}
        return str(self.desk.post("slack/form", channel=STARS, fields=filled)["ts"])

    def edits(self, ts: str, *, channel: str = STARS, **fields: str) -> None:
        """A post is edited."""
        text = fields.get("text") or "\n".join(f"*{k}*\n{v}" for k, v in {**FIELDS, **fields}.items())
        self.desk.post("slack/edit", channel=channel, ts=ts, text=text)

    def reacts(self, user: str, ts: str, name: str, channel: str = STARS) -> None:
        """A person puts an emoji on a message."""
        self.desk.post("slack/react", user=user, channel=channel, ts=ts, name=name)

    def writes(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """A person writes; answers the ts."""
        return str(
            self.desk.post("slack/message", user=user, channel=channel, text=text, thread_ts=thread_ts)["ts"]
        )

    def presses(self, user: str, message: Mapping[str, Any], action_id: str) -> None:
        """A person presses a button of a message."""
        self.desk.post(
            "slack/click", user=user, channel=message["channel"], ts=message["ts"], action_id=action_id
        )

    def commands(self, user: str, text: str, command: str = "/star", channel: str = STARS) -> Any:
        """A person sends a slash command; answers what the app says at once."""
        return self.desk.post("slack/command", user=user, channel=channel, command=command, text=text)

    def uses_shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> Any:
        """A person uses a global shortcut, or one of a message; answers what Slack says."""
        return self.desk.post("slack/shortcut", user=user, callback_id=callback_id, channel=channel, ts=ts)

    def picks(self, user: str, view: Mapping[str, Any], action_id: str, selected: Any) -> Any:
        """A person chooses something in a dialog; answers what Slack says."""
        pick = {"view_id": view["id"], "action_id": action_id, "selected": selected}
        return self.desk.post("slack/click", user=user, **pick)

    def views(self, user: str) -> list[dict[str, Any]]:
        """The dialogs that this person has open, the one that they see last."""
        found: list[dict[str, Any]] = self.desk.get("slack/views", user=user)
        return found

    def sends(self, user: str, **values: str) -> Any:
        """A person sends the dialog that is open for them; answers what Slack says."""
        view = self.until(lambda: self.views(user))[-1]
        return self.desk.post("slack/submit", user=user, view_id=view["id"], values=values)

    # -- what is now true

    @property
    def state(self) -> dict[str, Any]:
        """The whole world."""
        found: dict[str, Any] = self.desk.get("state")
        return found

    def part(self, vendor: str) -> dict[str, Any]:
        """One vendor's part of the world: the whole costs more than most stories do."""
        found: dict[str, Any] = self.desk.get("state", only=vendor)[vendor]
        return found

    def messages(self, channel: str = STARS, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """The messages of a channel, or of one of its threads without its head."""
        found: list[dict[str, Any]] = self.desk.get("slack/messages", channel=channel)
        if thread_ts is None:
            return found
        return [m for m in found if m.get("thread_ts") == thread_ts and m["ts"] != thread_ts]

    def card(self, root: str) -> dict[str, Any] | None:
        """The bot's card under a form post."""
        cards = [m for m in self.messages(thread_ts=root) if _has_facts(m)]
        return cards[0] if cards else None

    def reply(self, root: str) -> str:
        """What the bot says about the form post itself; "" while it says nothing."""
        found = [m for m in self.messages(thread_ts=root) if m.get("user") == BOT and not _has_facts(m)]
        return said(found[0]) if found else ""

    def root(self, ts: str, channel: str = STARS) -> dict[str, Any]:
        """A message as it is now."""
        return next(m for m in self.messages(channel) if m["ts"] == ts)

    def question(self, user: str, ticket: int = TICKET) -> dict[str, Any] | None:
        """The newest direct message to this person about this ticket."""
        found = [m for m in self.messages(f"D{user[1:]}") if f"#{ticket}" in said(m) and m.get("user") == BOT]
        return found[-1] if found else None

    def whispers(self, user: str) -> list[str]:
        """What the bot told this person alone in a channel."""
        return [e["text"] for e in self.part("slack")["ephemerals"] if e["user"] == user]

    def issue(self, ticket: int = TICKET) -> dict[str, Any] | None:
        """The STAR issue about this ticket."""
        found = [i for i in self.issues() if f"ticket {ticket}," in i["title"]]
        return found[-1] if found else None

    def comments(self, ticket: int = TICKET) -> list[dict[str, Any]]:
        """What the bot wrote on a ticket."""
        return [c for c in self.ticket(ticket)["comments"] if c["author"] == "GitLab Support Bot"]

    def announced(self, **fields: str) -> str:
        """A STAR is filed and is where nobody has to do anything more: answers its ts."""
        root = self.files_star(**fields)
        ticket = int(fields.get("Ticket", TICKET))
        self.until(lambda: self.card(root) and (issue := self.issue(ticket)) and issue["notes"])
        self.until(lambda: "star_submitted" in self.ticket(ticket)["tags"])
        self.until(lambda: "STAR issue #" in said(self.card(root) or {}))
        return root

    def issues(self) -> list[dict[str, Any]]:
        """Every issue in the STAR tracker."""
        return [
            i for i in self.part("gitlab")["issues"] if i["project"].endswith("ticket-attention-requests")
        ]

    def ticket(self, number: int = TICKET) -> dict[str, Any]:
        """A ticket with its comments, audits and tags."""
        found: dict[str, Any] = self.part("zendesk")["tickets"][str(number)]
        return found

    def requests(self, service: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """What was asked of a vendor, in order."""
        rows = self.desk.get("journal", since=since)
        return [r for r in rows if r["kind"] == "request" and service in (None, r["service"])]

    def until(self, is_true: Callable[[], Any], timeout_s: float = 30.0) -> Any:
        """What `is_true` gives once it is something; looks again whenever something happened."""
        deadline = time.monotonic() + timeout_s
        while True:
            if found := is_true():
                return found
            left = deadline - time.monotonic()
            assert left > 0, f"it did not come true in {timeout_s} s"
            if self._happens(min(left, 0.5)):
                time.sleep(TOGETHER_S)

    def last_row(self) -> int:
        """The number of the newest journal row."""
        self._happens(0)
        return self._last_row

    def quiet(self, for_s: float = 0.6) -> None:
        """Waits until nothing has happened for a while: for what must *not* happen."""
        while self._happens(for_s):
            pass

    def _happens(self, within_s: float) -> bool:
        """Whether anything has happened since this was asked last, or does so by then."""
        rows = self.desk.get("wait", since=self._last_row, timeout_s=within_s, newest=1)
        self._last_row = int(rows[-1]["n"]) if rows else self._last_row
        return bool(rows)


@functools.cache
def _prepared() -> "tempfile.TemporaryDirectory[str]":
    """A database that holds nothing, and the people file, made once a process: they are half of the start of a bot."""
    made = tempfile.TemporaryDirectory(prefix="starbot-prepared-")
    write_people(Path(made.name), "weekday")
    address = f"sqlite:///{made.name}/{DATABASE}"
    store = Store(address)
    store.migrate()
    store.close()
    DBOS.migrate(engine_url(address))
    return made


def _has_facts(message: Mapping[str, Any]) -> bool:
    return any(block.get("fields") for block in message.get("blocks") or [])


def said(message: Mapping[str, Any]) -> str:
    """Everything a message says, text and blocks."""
    return f"{message.get('text', '')} {json.dumps(message.get('blocks') or [], ensure_ascii=False)}"


def reactions(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """Who put which emoji on a message."""
    return {r["name"]: list(r["users"]) for r in message.get("reactions", [])}


@contextmanager
def sandbox(manifest: dict[str, Any] = MANIFEST) -> Iterator[Desk]:
    """A running sandbox, with the bot's own manifest unless another is given."""
    runner = serving(manifest)
    try:
        yield next(runner)
    finally:
        runner.close()
