"""Two bots as processes on one PostgreSQL, each of which can be killed."""

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from tests.crash.process import BotProcess
from tests.crash.story import Step
from tests.sandbox.desk import Desk
from tests.stage import Stage


class Pair:
    """A stage, and two bots beside it that share a database."""

    def __init__(
        self, desk: Desk, folder: Path, database: str, scenario: str = "weekday", toml: str = ""
    ) -> None:
        desk.post("reset", scenario=scenario)
        self.stage = Stage(desk, folder, database)
        self.stage.configure(toml)
        self._database = database
        self._held = ExitStack()
        self._ports = {name: self._port() for name in ("one", "two")}
        self.bots = [
            BotProcess({**self.stage.environ, "STARBOT_LISTEN": f"127.0.0.1:{port}"}, folder, name)
            for name, port in self._ports.items()
        ]

    def _port(self) -> int:
        """A port held by a socket that does not listen, beside which a bot may."""
        held = self._held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])

    def start(self) -> None:
        """Both at the same moment, as after a power cut."""
        for bot in self.bots:
            bot.launch()
        for bot in self.bots:
            bot.listens()

    def ask(self, question: str, *about: Any) -> list[Any]:
        """What the database says."""
        with psycopg.connect(self._database, autocommit=True) as connection:
            return [row[0] for row in connection.execute(question.encode(), about)]

    def busy(self) -> set[str]:
        """The numbers of the bots that have begun something and not ended it."""
        return set(self.ask("select distinct executor_id from dbos.workflow_status where status = 'PENDING'"))

    def rests(self) -> None:
        """Waits until neither is at anything, so that what begins next is the next step's."""
        self.stage.until(lambda: not self.busy())

    def at_work(self, timeout_s: float = 30.0) -> BotProcess:
        """The bot that has begun something and cannot end it: what the other one does beside it ends soon.
        What a dead one has begun may wait for the other yet."""

        def one() -> BotProcess | None:
            busy = self.busy()
            found = [bot for bot in self.bots if bot.number in busy]
            return found[0] if len(found) == 1 else None

        return self.stage.until(one, timeout_s)  # type: ignore[no-any-return]

    def leader(self) -> BotProcess:
        """The bot that does what only one may do: it looks after clocks and asks where nobody tells."""
        return next(bot for bot, leads in zip(self.bots, self.meters("starbot_leads"), strict=True) if leads)

    def health(self, path: str) -> list[httpx.Response]:
        """What each bot answers there."""
        return [httpx.get(f"http://127.0.0.1:{port}/{path}", timeout=10) for port in self._ports.values()]

    def meters(self, name: str) -> list[float]:
        """One gauge, as each bot tells it."""
        return [
            sample.value
            for told in self.health("metrics")
            for family in text_string_to_metric_families(told.text)
            for sample in family.samples
            if sample.name == name
        ]

    def follows(self, step: Step, timeout_s: float = 30.0) -> None:
        """Waits until the bots have done their part of a step."""
        try:
            self.stage.until(lambda: step.is_followed(self.stage), timeout_s)
        except AssertionError as error:
            raise AssertionError(f"nothing followed from the {step.name}:\n{self.log}") from error

    @property
    def log(self) -> str:
        """What both have said."""
        return "\n".join(bot.log for bot in self.bots)

    def close(self) -> None:
        """Ends both."""
        for bot in self.bots:
            bot.close()
        self._held.close()
