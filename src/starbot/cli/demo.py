"""`starbot demo`: one STAR from form post to check mark, over four simulated systems, told as it happens.

The sandbox and the bot are two processes that know each other by address only, as in production. The sandbox has
the bot's command, so that its page can kill the bot and start it again. This process acts as the people do, through
the sandbox's controls, and reads from its state whether the bot did its part.
"""

import contextlib
import io
import json
import os
import shlex
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
import webbrowser
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from starbot.cli.children import Child, ChildEnded
from starbot.cli.show import JsonShow, Show
from starbot.cli.story import ACTS, INITIATOR, Act, World
from starbot.cli.timeline import Told, tell

HOST = "127.0.0.1"
STEP_S = 30.0
START_S = 60.0
WAIT_S = 0.5
READ_S = 0.25
STAY_S = 2.0
PACE_S = 3.0
"""How long people who stay may look at each act before the next."""
BOT_FOLDER = "bot"
BOT_LISTENS = "event='listening'"
EVERYWHERE = "0.0.0.0"

_told_to_end = threading.Event()


@dataclass(frozen=True)
class Place:
    """Where the sandbox listens, and whether a browser is opened on it."""

    port: int = 0
    host: str = HOST
    opens: bool = False


def demo(once: bool, stay: bool, as_json: bool, place: Place, pace_s: float | None = None) -> int:
    """Play the story, with so long a rest after each act. The exit status: 0 only if every step was seen; 130 if it
    was interrupted before."""
    if once and stay:
        print("--once ends after the story and --stay does not: take one of them.", file=sys.stderr)
        return 2
    _end_as_by_ctrl_c()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    show = JsonShow() if as_json else Show()
    stays = stay or (not once and sys.stdout.isatty())
    try:
        show.line(
            Told("demo", "starting four simulated vendors and the bot; nothing leaves this machine", "")
        )
        return _play(show, place, stays, (PACE_S if stays else 0.0) if pace_s is None else pace_s)
    except ChildEnded as ended:
        show.failed(ended)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Nobody reads on. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _play(show: Show, place: Place, stays: bool, pace_s: float) -> int:
    with tempfile.TemporaryDirectory(prefix="starbot-demo-") as folder, contextlib.ExitStack() as children:
        stage = Stage(show, Path(folder), place, children)
        if place.opens:
            webbrowser.open(stage.url)
        stage.start_bot()
        for act in ACTS:
            stage.rest(pace_s)
            if not stage.play(act):
                break
        ok = show.ending(stage.seen, stage.calls)
        if stays:
            with contextlib.suppress(KeyboardInterrupt):
                stage.stay()
        return 0 if ok else 1


# -- the stage


class Stage:
    """The sandbox and the bot, each a process; `seen` are the steps that came true, `calls` what it took."""

    def __init__(self, show: Show, folder: Path, place: Place, children: contextlib.ExitStack) -> None:
        from starbot.settings import manifest_path

        self._show = show
        self._row = 0
        self._is_playing = False
        self.seen: set[str] = set()
        self.calls: Counter[str] = Counter()
        bot = folder / BOT_FOLDER
        bot.mkdir()
        self._sandbox = children.enter_context(
            Child(
                "sandbox",
                "starbot_sandbox",
                *("--host", place.host, "--port", str(free_port(place.port, show))),
                *("--manifest", str(manifest_path())),
                *(
                    "--app-command",
                    shlex.join((sys.executable, "-m", "starbot", "run")),
                    "--app-folder",
                    str(bot),
                ),
                folder=folder,
                environ=_outer_environment(),
            )
        )
        self.url = self._sandbox.says("listening on", START_S).rpartition(" ")[2]
        show.line(
            Told("demo", f"the sandbox listens on {self.url} (look at it in a browser); starting the bot", "")
        )
        if place.host == EVERYWHERE:
            self._warn()
        self._people: list[dict[str, Any]] = self._get("people")
        self._names = {row["slack"]: row["name"] for row in (*self._people, INITIATOR)}
        show.begins_at(datetime.fromisoformat(self._get("clock")["now"]))
        configure(bot, self.url)

    def start_bot(self) -> None:
        """Return once the bot listens and has nothing more to ask. ChildEnded if it never does."""
        self._post("app", {"action": "start"})
        deadline = time.monotonic() + START_S
        while not self._sandbox.has_said(BOT_LISTENS):
            self._follow(READ_S)
            if time.monotonic() > deadline:
                raise ChildEnded("bot", f"was not ready in {START_S:g} seconds", self._sandbox.tail)
        self._follow_until_quiet()

    def rest(self, seconds: float) -> None:
        """Let people look, and tell meanwhile what happens."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._follow(min(left, WAIT_S))

    def play(self, act: Act) -> bool:
        """A person acts; whether everything that should follow came true in time."""
        self._is_playing = True
        self._post(act.control, act.body(self._world()))
        waiting = [step for step in act.steps if step.what not in self.seen]
        deadline = time.monotonic() + STEP_S
        while waiting and time.monotonic() < deadline:
            self._follow(WAIT_S)
            world = self._world()
            self.seen |= {step.what for step in waiting if step.is_seen(world)}
            waiting = [step for step in waiting if step.what not in self.seen]
        self._follow_until_quiet()
        return not waiting

    def stay(self) -> None:
        """Print commands to try, and tell what happens, until interrupted."""
        misplaced = self._post(
            "slack/message",
            {"user": "U0NOAH", "channel": "support_self-managed", "text": "Can somebody look at 123460?"},
        )
        self._show.try_these(self.url, misplaced["ts"])
        while True:
            self._follow(STAY_S)

    def _warn(self) -> None:
        invitation = self._sandbox.says("/?token=", START_S).rpartition(" ")[2]
        warning = f"WARNING: everybody who can reach this machine and has the token may use the sandbox: {invitation}"
        self._show.line(Told("demo", warning, ""))

    def _follow_until_quiet(self) -> None:
        """People read what has come before they go on."""
        while self._follow(READ_S):
            pass

    def _follow(self, wait_s: float) -> int:
        """Tells the journal's new rows, waiting so long for the first; how many there were."""
        if _told_to_end.is_set():
            raise KeyboardInterrupt
        self._check()
        rows = self._get(f"wait?since={self._row}&timeout_s={wait_s}")
        for row in rows:
            self._row = row["n"]
            if self._is_playing and row["kind"] == "request":
                self.calls[row["service"]] += 1
            told = tell(row, self._names, f"slack_bolt {version('slack-bolt')}")
            if told is not None:
                self._show.line(told, datetime.fromisoformat(row["at"]))
        return len(rows)

    def _check(self) -> None:
        """ChildEnded if the sandbox has ended, or the bot though nobody at the page ended it."""
        self._sandbox.check()
        bot = self._get("app")
        if bot["by_itself"]:
            raise ChildEnded("bot", f"ended by itself (status {bot['status']})", self._sandbox.tail)

    def _world(self) -> World:
        return World(self._get("state"), self._people)

    def _get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(f"{self.url}/_sandbox/{path}"))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask(urllib.request.Request(f"{self.url}/_sandbox/{path}", json.dumps(body).encode()))

    def _ask(self, request: urllib.request.Request) -> Any:
        """A control's answer. ChildEnded if the sandbox is gone."""
        try:
            # Without the proxies of the environment: the sandbox is on this machine.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=60
            ) as answer:
                return json.load(answer)
        except OSError:
            self._sandbox.check(grace_s=2)
            raise


def free_port(wanted: int, show: Show) -> int:
    """`wanted`, or the next port that is free; 0 stays 0, which takes any."""
    for port in range(wanted, 65536) if wanted else ():
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            if port != wanted:
                show.line(Told("demo", f"port {wanted} is taken; the sandbox takes {port}", ""))
            return port
    return 0


def configure(folder: Path, url: str) -> None:
    """Leave a bot its settings in its working folder, for the sandbox at `url`."""
    from starbot.cli.sandbox import environment, write_people

    settings = environment(url, write_people(folder, "weekday"), folder / "starbot.db")
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
    (folder / ".env").write_text("".join(lines), "utf-8")


def _outer_environment() -> dict[str, str]:
    """Ours without anything that would reach the bot: real tokens, real addresses, proxies."""
    from starbot.settings import Env, variable

    own = {variable(field) for field in Env.model_fields}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in own and not name.lower().endswith("_proxy")
    }


def _end_as_by_ctrl_c() -> None:
    """Let SIGTERM and a closed terminal (unless nohup says otherwise) end the demo with all its processes."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        # Python drops what is raised while it tidies up an object: so it is kept, too, and looked at.
        _told_to_end.set()
        raise KeyboardInterrupt

    _told_to_end.clear()
    signal.signal(signal.SIGINT, interrupt)
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, interrupt)
