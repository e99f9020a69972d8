"""What Slack shows of the channel after an absence, with something wrong in it: read by the real client library."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from hypothesis import strategies as st

from starbot.core.case import Event
from starbot.duties.stars.catch_up import CatchUp
from starbot.duties.stars.slack import FormReader
from starbot.services.slack import SlackService
from tests.duties.stars.stories import LOOK, NOON
from tests.duties.stars.test_form import LABELS, URGENCIES
from tests.fuzz.mutation import mutated
from tests.fuzz.pure import FILLED
from tests.stage import STARS

BEGAN = f"{NOON.timestamp() - 3600:.6f}"


def _ts(number: int) -> str:
    return f"{NOON.timestamp() - 1800 + number:.6f}"


def _form(number: int) -> dict[str, Any]:
    return {"type": "message", "subtype": "bot_message", "bot_id": "B9", "text": FILLED, "ts": _ts(number)}


MESSAGES: tuple[dict[str, Any], ...] = (
    _form(1) | {"reactions": [{"name": "eyes", "users": ["U0LENA"], "count": 1}]},
    _form(2) | {"edited": {"user": "B9", "ts": _ts(3)}},
    {"type": "message", "user": "U0CASEY", "text": "hello", "ts": _ts(4), "thread_ts": _ts(1)},
    {
        "type": "message",
        "subtype": "thread_broadcast",
        "user": "U1",
        "text": "",
        "ts": _ts(5),
        "root": _form(1),
    },
    {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "text": "deleted", "ts": _ts(6)},
    {"type": "message", "subtype": "channel_join", "user": "U1", "text": "joined", "ts": _ts(7)},
    {
        "type": "message",
        "bot_id": "B1",
        "text": "a card",
        "ts": _ts(8),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a card"}}],
        "metadata": {"event_type": "starbot", "event_payload": {"key": "k"}},
    },
)
WHOLE = _form(100)
"""A form post in the midst of it all of which nothing is wrong."""


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Messages in any order, some twice, some not as Slack describes them; one form post is whole."""
    some = draw(
        st.lists(st.sampled_from(MESSAGES).flatmap(lambda one: st.just(one) | mutated(one)), max_size=6)
    )
    return draw(st.permutations([*some, WHOLE]))


class Past:
    """A Slack that shows what it is told to."""

    def __init__(self, url: str, shown: dict[str, Any]) -> None:
        self._shown = shown
        self._slack = SlackService("xoxb-fuzz", url, 5)

    def catches_up(self, history: list[Any]) -> bool:
        """The form post that is whole is heard of, whatever stands beside it; whether all could be read."""
        self._shown["messages"] = history
        heard: list[Event] = []
        catch_up = CatchUp(
            slack=self._slack,
            reader=FormReader(lambda: STARS, LABELS, URGENCIES),
            own_user="U0STARBOT",
            emoji={"acknowledge": ("eyes",), "resolve": ()},
            memory=_Memory(),
            watched=lambda since: (),
            known=lambda handle: None,
            look=lambda: LOOK,
            submit=heard.append,
        )
        catch_up(NOON)
        assert any(WHOLE["ts"] in event.id for event in heard), heard
        return len(heard) > 1


class _Memory:
    """How far the channel was read, for one run."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {"stars.read_until": (NOON, BEGAN)}

    def remember(self, name: str, at: Any, body: Any) -> None:
        self._kept[name] = (at, body)

    def recall(self, name: str) -> Any:
        return self._kept.get(name)


@contextmanager
def past() -> Iterator[Past]:
    """On loopback, for as long as it is needed."""
    shown: dict[str, Any] = {"ok": True, "messages": [], "has_more": False}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = json.dumps(shown).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Past(f"http://127.0.0.1:{server.server_port}/api/", shown)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
