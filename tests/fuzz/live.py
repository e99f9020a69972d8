"""Slack's payloads, as the sandbox delivered them in a story, with something wrong in them: sent to a running bot."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from hypothesis import strategies as st
from structlog.testing import capture_logs

from starbot.wiring.hears import hears
from tests import filing
from tests.crash.story import STORY
from tests.fuzz.mutation import mutated
from tests.scenarios.managing import TRIAGE, opens
from tests.scenarios.paging import closes_dialogs, confirmation, page
from tests.stage import CASEY, LENA, SELF_MANAGED, STARS, TICKET, Stage, sandbox

Payload = tuple[str, dict[str, Any]]
"""The type of its envelope, and what is in it."""
QUIET = "[paging]\nemergency_poll_seconds = 0\npages_an_hour = 1\n"


class Live:
    """A bot that has lived through a story, and what Slack told it meanwhile."""

    def __init__(self, stage: Stage, logged: Sequence[Any]) -> None:
        self.stage = stage
        self._logged = logged
        assert stage.bot is not None
        self._hears = hears(stage.bot._house, stage.bot._identify(), lambda: None)
        self.payloads = _played(stage)
        self._sent = 0

    @property
    def mutants(self) -> st.SearchStrategy[Payload]:
        """Payloads of every kind."""
        return st.sampled_from(self.payloads).flatmap(
            lambda known: st.tuples(st.just(known[0]), mutated(known[1]))
        )

    def takes(self, payload: Payload) -> bool:
        """It is answered; whether it meant anything to the bot."""
        kind, body = payload
        self._sent += 1
        body = copy.deepcopy(body)
        for name in ("event_id", "trigger_id"):
            if isinstance(body.get(name), str):
                body[name] += f".fuzz{self._sent}"
        answer = self.stage.desk.post("slack/raw", type=kind, payload=body)
        assert answer["ok"] is True, answer
        return self._means(kind, body)

    def _means(self, kind: str, body: dict[str, Any]) -> bool:
        if kind == "slash_commands":
            return str(body.get("command")) in self._hears.commands
        parsers = [*self._hears.clicks, *self._hears.dialogs]
        given = body
        if kind == "events_api":
            parsers = [*self._hears.messages, *self._hears.reactions, *self._hears.unreactions]
            given = body.get("event", {})
        elif str(body.get("callback_id")) in self._hears.shortcuts or (
            isinstance(body.get("actions"), list)
            and any(
                isinstance(one, dict) and str(one.get("action_id")) in self._hears.openers
                for one in body["actions"]
            )
        ):
            return True
        return any(_parsed(parse, given, self.stage) for parse in parsers)

    def goes_on(self) -> None:
        """After all that a form post is announced as ever, nothing waits that cannot be decided, and nothing that the
        bot did failed."""
        self.stage.announced(Ticket=str(self.stage.fresh_ticket()))
        assert self.stage.bot is not None
        with self.stage.bot._store.read() as books:
            stuck = books.all_stuck()
        assert stuck == [], stuck
        self.stage.quiet()
        failed = [line for line in self._logged if line["log_level"] in ("error", "critical")]
        assert failed == [], failed


def _parsed(parse: Any, body: Any, stage: Stage) -> bool:
    assert stage.bot is not None
    try:
        return parse(body, stage.bot._clock.now()) is not None
    except Exception:
        return False


def _played(stage: Stage) -> list[Payload]:
    """What Slack tells of a STAR, its dialogs, its commands, and a page that nobody confirms."""
    since = stage.last_row()
    for step in STORY[:2]:
        step.act(stage)
        stage.until(lambda step=step: step.is_followed(stage))  # type: ignore[misc]
    opens(stage, LENA, stage.card(stage.messages()[0]["ts"]) or {}, TRIAGE)
    stage.sends(LENA, decision="work", next_step="Anna reads the logs.")
    stage.commands(LENA, "list")
    filing.files(stage, CASEY, filing.FINE[0])
    closes_dialogs(stage)
    page(stage, f"backup ZD#{TICKET} Two are down")
    confirmation(stage)
    closes_dialogs(stage)
    there = stage.writes(CASEY, SELF_MANAGED, "Can somebody look at my ticket?")
    stage.reacts(CASEY, there, "escalate", SELF_MANAGED)
    stage.desk.post("slack/shortcut", user=CASEY, callback_id="star_file")
    stage.desk.post(
        "slack/shortcut",
        user=CASEY,
        callback_id="star_file_about",
        channel=STARS,
        ts=stage.messages()[0]["ts"],
    )
    stage.quiet()
    found: dict[str, Payload] = {}
    for row in stage.desk.get("journal", since=since):
        if row["kind"] == "delivery" and row["service"] == "slack":
            kind, payload = row["request"]["type"], row["request"]["payload"]
            event = payload.get("event", {})
            name = (
                kind,
                payload.get("type"),
                payload.get("command"),
                payload.get("callback_id"),
                event.get("type"),
                event.get("subtype"),
                bool(event.get("bot_id")),
                str((payload.get("actions") or [{}])[0].get("action_id")),
                str((payload.get("view") or {}).get("callback_id")),
            )
            found.setdefault(str(name), (kind, payload))
    return list(found.values())


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    """A bot on a stage of its own."""
    with sandbox() as desk:
        stage = Stage(desk, folder)
        stage.configure(QUIET)
        try:
            with capture_logs([structlog.processors.format_exc_info]) as logged:
                stage.start()
                yield Live(stage, logged)
        finally:
            stage.stop()
