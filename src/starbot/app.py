"""The composition root: settings become services, duties, an engine and a Slack app. Read `wiring/` for how each
duty is put together, and `Bot.start` for what happens when the bot starts.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TextIO
from urllib.parse import unquote, urlsplit

import structlog
from pydantic import SecretStr
from slack_bolt import App

from starbot import heap, logs
from starbot.core.facts import OnCall
from starbot.duties.emergencies.deeds import IncidentTold
from starbot.duties.emergencies.polls import OpenEmergencies
from starbot.duties.paging import model as pages
from starbot.duties.paging.polls import OpenPages
from starbot.duties.paging.webhook import LARGEST_BODY, parse_webhook, verify_webhook
from starbot.duties.stars import model as stars
from starbot.duties.stars.catch_up import CatchUp
from starbot.duties.stars.polls import IssueAnswers
from starbot.duties.stars.rebuild import Found
from starbot.engine.duty import Duty
from starbot.engine.memory import StoreMemory
from starbot.engine.peers import LOOK_EVERY_S, Peers
from starbot.engine.retention import let_go
from starbot.engine.runtime import SERVICES, Engine
from starbot.engine.store import Store
from starbot.engine.sweep import Every, sweep
from starbot.errors import ServiceDelayed, ServiceError, ServiceRefused, SetupError
from starbot.listeners import bolt_app
from starbot.services.clock import SandboxClock
from starbot.services.roster import Roster
from starbot.services.slack import Identity
from starbot.settings import Settings
from starbot.socket_mode import SLACK_PAUSE_S, SocketMode
from starbot.stored import StoredCompromises, StoredEmergencies, StoredHands, StoredPages, StoredStars
from starbot.vendors import Services, clock_of, services_of
from starbot.web.health import Health, Watched
from starbot.web.pagerduty import PagerDutyDoor
from starbot.web.server import WebServer
from starbot.web.slack import SlackDoor
from starbot.wiring import compromised as compromised_parts
from starbot.wiring import emergencies as emergency_parts
from starbot.wiring import hands as hands_parts
from starbot.wiring import paging as page_parts
from starbot.wiring import redirects as redirect_parts
from starbot.wiring import stars as star_parts
from starbot.wiring.directory import Directory
from starbot.wiring.hears import hears
from starbot.wiring.house import House

log = structlog.get_logger("starbot")

_IDENTITY = "identity"
_SILENT = "pagerduty.silent_since"
_BEGINNING, _CATCHING_UP = "beginning", "catching up"
FORGET_EVERY_S = 3600.0
LEFT = 70
"""The exit status of a bot that lost its mark on the database: a supervisor starts it anew."""


class Rehearsed(NamedTuple):
    """What a dry run came to; `is_done` is false where something was still to be tried again."""

    stars: Sequence[stars.Star]
    on_call: OnCall
    missing: Sequence[str]
    unknown: Sequence[str]
    is_done: bool


class Bot:
    """One running bot. `start` returns once it listens; `stop` leaves what is not finished for the next start."""

    def __init__(
        self,
        settings: Settings,
        services: Services | None = None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        """`lost` is called when another bot may be at this one's work already: it must leave at once."""
        self._settings = settings
        self._lost = lost
        self._clock = clock_of(settings)
        services = services or services_of(settings)
        self._slack, self._pagerduty = services.slack, services.pagerduty
        self._store = Store(settings.env.database_url)
        self._store.migrate()
        self._memory = StoreMemory(self._store)
        self._directory = directory = Directory(settings, services, self._memory, self._clock.now)
        groups = settings.slack.manager_groups
        self._roster = Roster(
            services.slack,
            services.pagerduty,
            services.people,
            self._memory,
            self._clock.now,
            schedules=lambda: directory.names.schedules,
            groups=lambda: {name: id_ for name, id_ in directory.names.groups.items() if name in groups},
            rotation=lambda: directory.names.policies.get(settings.paging.emergency_policy),
        )
        self._house = House(
            settings=settings,
            slack=services.slack,
            gitlab=services.gitlab,
            zendesk=services.zendesk,
            pagerduty=services.pagerduty,
            memory=self._memory,
            stars=StoredStars(self._store),
            pages=StoredPages(self._store),
            emergencies=StoredEmergencies(self._store),
            compromises=StoredCompromises(self._store),
            requests=StoredHands(self._store),
            roster=self._roster,
            directory=directory,
            now=self._clock.now,
            submit=lambda event: self._engine.submit(event),
            turn=self._store.mark.turn,
        )
        self._threads: list[Every] = []
        self._woken: list[Every] = []
        self._socket: SocketMode | None = None
        self._signs = Watched(self._store, names=lambda: self._directory.names)
        self._web: WebServer | None = None
        self._is_launched = False

    # -- life

    def start(self) -> None:
        """Resolves names, starts the engine, listens, and catches up."""
        if (at := self._settings.env.listen_at) is not None:
            self._web = WebServer(at, Health(self._signs))
        identity = self._identify()
        self._refresh()
        duties = self._launch(identity)
        self._watch = OpenEmergencies(
            self._pagerduty,
            services=lambda: [
                one
                for name, one in page_parts.services(self._house).items()
                if name in ("emergency", "backup")
            ],
            known=self._house.emergencies.open,
            submit=self._engine.submit,
            now=self._clock.now,
        )
        self._signs.engine = self._engine
        self._peers = Peers(self._store.mark, self._engine.adopt, self._take_the_place, self._lost)
        self._signs.peers = self._peers
        self._peers()
        self._engine.replay_stuck()
        timing = self._settings.timing
        refresher = Every("refresh", timing.schedule_refresh_minutes * 60, self._keep_fresh)
        catch_up = star_parts.catch_up(self._house, identity)
        # Woken by each connection and by new names; by itself it only tries again what failed.
        self._catcher = Every("catch-up", None, lambda: self._catch_up_in_turn(catch_up))
        with self._store.mark.turn(_BEGINNING):
            catch_up.begin(self._clock.now())
        answers = IssueAnswers(
            self._house.gitlab, self._house.stars.waiting, self._engine.submit, self._clock.now
        )
        looks = OpenPages(self._pagerduty, self._house.pages.open, self._engine.submit, self._clock.now)
        sweeper = self._leading(
            "sweep",
            timing.sweep_seconds,
            lambda: sweep(self._store, duties, self._clock.now(), self._engine.submit),
        )
        keeper = self._leading("retention", FORGET_EVERY_S, lambda: self._let_go(duties.values()))
        led = [
            sweeper,
            self._leading("forget", FORGET_EVERY_S, self._engine.forget),
            keeper,
            self._leading("answers", timing.issue_poll_seconds, answers),
            self._leading("pages", self._settings.paging.poll_seconds, looks),
        ]
        if emergency_parts.is_watching(self._settings):
            watcher = self._leading(
                "emergencies", emergency_parts.watch_seconds(self._settings), self._look_at_emergencies
            )
            watcher.wake()
            led.append(watcher)
        self._woken = [self._catcher, *led]
        tidier = Every("heap", heap.EVERY_S, heap.give_back)
        self._threads = [Every("peers", LOOK_EVERY_S, self._peers), refresher, tidier, *self._woken]
        for thread in self._threads:
            thread.start()
        self._signs.sweeper, self._signs.turns = sweeper, self._threads
        if self._directory.is_deaf:
            refresher.wake()
        if isinstance(self._clock, SandboxClock):
            self._clock.on_move(lambda _: sweeper.wake())
            self._clock.on_move(lambda _: keeper.wake())
        self._listen(identity)
        log.info("listening", team=identity.team_url, bot=self._store.mark.executor)

    def _leading(self, name: str, seconds: float | None, call: Callable[[], object]) -> Every:
        """What only one of the bots on this database has to do, or the vendors would be asked the same twice."""
        return Every(name, seconds, lambda: call() if self._peers.leads else None)

    def _take_the_place(self) -> None:
        """Another bot is gone, or this one begins to lead: what the other may have missed is looked for."""
        for turn in self._woken:
            turn.wake()

    def _catch_up_in_turn(self, catch_up: CatchUp) -> None:
        with self._store.mark.turn(_CATCHING_UP):
            catch_up(self._clock.now())

    def _look_at_emergencies(self) -> None:
        """Looks, and lets the other bots know since when PagerDuty has been silent."""
        try:
            self._watch()
        finally:
            if self._watch.silent_since != self._silent_since():
                since = self._watch.silent_since
                self._memory.remember(_SILENT, self._clock.now(), since and since.isoformat())

    def _silent_since(self) -> datetime | None:
        kept = self._memory.recall(_SILENT)
        return datetime.fromisoformat(kept[1]) if kept and kept[1] else None

    def _let_go(self, duties: Iterable[Duty]) -> None:
        """What has been closed for longer than the settings keep it goes."""
        kept = self._settings.retention
        if kept.days:
            let_go(self._store, duties, self._clock.now(), timedelta(days=kept.days), kept.then)

    def _launch(self, identity: Identity) -> Mapping[str, Duty]:
        duties = {duty.name: duty for duty in self._duties_of(identity)}
        limits = self._settings.limits
        shares = {service: getattr(limits, service) for service in SERVICES}
        self._engine = Engine(
            self._store,
            duties.values(),
            self._clock.now,
            threads=limits.threads,
            places={service: share.share for service, share in shares.items()},
            settle_s={service: share.settle_s for service, share in shares.items()},
        )
        self._engine.launch()
        self._is_launched = True
        return duties

    def rehearse(self, identity: Identity, back: timedelta, patience_s: float) -> Rehearsed:
        """Catches up with so much of the past and waits until nothing more is to be done; it listens to nobody.

        For services whose writes are only told, and a database of its own. ServiceError if Slack is silent.
        """
        now = self._clock.now()
        self._refresh()
        self._launch(identity)
        catch_up = star_parts.catch_up(self._house, identity)
        catch_up.begin(now - back)
        catch_up(now)
        is_done = self._engine.settle(patience_s)
        return Rehearsed(
            self._house.stars.lately(now - back),
            self._roster.on_call(),
            self._directory.names.missing,
            self._directory.names.unknown,
            is_done,
        )

    def lost_stars(self, identity: Identity, progress: Callable[[int, int], None]) -> Found:
        """What the vendors know of STARs beyond this database; it writes to none of them. SetupError where another
        bot runs, ServiceError where Slack or GitLab do not answer."""
        if len(self._store.mark.look().alive) > 1:
            raise SetupError(["DATABASE_URL: a starbot is at work on this database. Stop every bot first."])
        self._refresh()
        return star_parts.rebuild(self._house, identity).read(self._clock.now(), progress)

    def take_back(self, identity: Identity, found: Found, patience_s: float) -> bool:
        """Makes STARs of what was found, and reads the channel from now on; it listens to nobody. Answers whether all
        that followed was done in time."""
        self._launch(identity)
        star_parts.catch_up(self._house, identity).begin(self._clock.now())
        for event in (*found.stars, *found.missed):
            self._engine.submit(event)
        return self._engine.settle(patience_s)

    def stop(self, patience_s: int = 5) -> None:
        """Stops listening first, then the threads, then the engine, which may take so long to finish what is
        under way; what is not finished then is pending and runs after the next start."""
        closing = self._socket.hang_up() if self._socket is not None else None
        if self._web is not None:
            self._web.stop()
        for thread in self._threads:
            thread.stop()
        if self._is_launched:
            self._engine.close(patience_s)
        if closing is not None:
            closing.join()
        if isinstance(self._clock, SandboxClock):
            self._clock.close()
        self._store.close()

    # -- what the bot can do

    def _duties_of(self, identity: Identity) -> Sequence[Duty]:
        """Every duty: what it decides, what it does, what it shows."""
        house = self._house
        return (
            star_parts.duty(house, identity),
            redirect_parts.duty(house),
            page_parts.duty(house, identity),
            emergency_parts.duty(house),
            compromised_parts.duty(house),
            hands_parts.duty(house, identity),
        )

    # -- listening

    def _listen(self, identity: Identity) -> None:
        app = bolt_app(
            self._slack,
            identity,
            hears(self._house, identity, self._silent_since),
            submit=self._engine.submit,
            now=self._clock.now,
        )
        self._listen_over_http(app, identity)
        self._listen_to_pagerduty()
        token = self._settings.env.slack_app_token.get_secret_value()
        if token:
            # Slack says hello at each connection: whatever came while there was none is read then.
            line = self._socket = SocketMode(app, token, hello=self._catcher.wake)
            self._signs.is_connected = self._signs.is_connected or (lambda: line.is_connected)
            line.connect()

    def _listen_over_http(self, app: App, identity: Identity) -> None:
        secret = self._settings.env.slack_signing_secret.get_secret_value()
        if secret and self._web is not None:
            self._web.slack = SlackDoor(
                app, secret, identity.team_id, self._app_id(identity), self._catcher.wake
            )
            self._signs.is_connected = lambda: True
            self._catcher.wake()

    def _listen_to_pagerduty(self) -> None:
        secrets = self._settings.webhook_secrets
        if secrets and self._web is not None:
            self._web.pagerduty = PagerDutyDoor(
                lambda body, headers: verify_webhook(secrets, body, headers), self._take_webhook, LARGEST_BODY
            )

    def _take_webhook(self, body: bytes) -> None:
        """Stores what a webhook tells, for the emergency and for the page whose incident it is. ValueError where it
        cannot be read."""
        told = parse_webhook(body)
        if told is None:
            return
        about = {"at": told.occurred_at, "incident": told.incident}
        for page in self._house.pages.open():
            if pages.is_of(page, told.incident):
                self._engine.submit(
                    pages.IncidentSeen(id=f"webhook:{told.id}:{page.id}", case_id=page.id, **about)
                )
        self._engine.submit(IncidentTold(id=f"webhook:{told.id}", **about))

    def _app_id(self, identity: Identity) -> str:
        try:
            return self._slack.app_id(identity.bot_id)
        except ServiceError as error:
            log.warning("Slack did not say which app we are; the signature alone vouches", error=str(error))
            return ""

    # -- names

    def _identify(self) -> Identity:
        """Who we are in Slack; remembered, so that a restart while Slack is down still starts the engine.

        At the very first start there is nothing to remember: then it waits for Slack.
        """
        kept = self._memory.recall(_IDENTITY)
        while True:
            try:
                identity = self._slack.identity()
            except ServiceRefused as no:
                raise SetupError(
                    [f"SLACK_BOT_TOKEN: Slack does not accept it ({no.what}). Copy it again."]
                ) from no
            except ServiceDelayed as error:
                if kept is not None:
                    log.warning("Slack does not answer; starting with what is known", error=str(error))
                    return Identity(*kept[1])
                log.warning("Slack does not answer; trying again", error=str(error), pause_s=SLACK_PAUSE_S)
                time.sleep(SLACK_PAUSE_S)
            else:
                self._memory.remember(_IDENTITY, self._clock.now(), list(identity))
                return identity

    def _refresh(self) -> None:
        """Resolves names, and reads who may act and who is on call."""
        self._directory.refresh()
        self._roster.refresh()
        self._directory.refresh_labels()

    def _keep_fresh(self) -> None:
        """Refreshes; what was posted while the names of channels were unknown is read once they are known.

        Raises ServiceDelayed until Slack has told its names, for without them nobody is heard.
        """
        before = self._directory.names.channels
        self._refresh()
        if self._directory.names.channels != before:
            self._catcher.wake()
        if self._directory.is_deaf:
            raise ServiceDelayed("slack", "tell the names of its channels")


def run(settings: Settings) -> int:
    """Runs the bot until it is told to stop; the exit status."""
    set_up_logging(settings)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    bot = Bot(settings, lost=leave)
    bot.start()
    stopped.wait()
    bot.stop()
    return 0


def leave() -> None:
    """Ends the process as `kill -9` would: whatever it still did, another bot may be doing already."""
    sys.stdout.flush()
    os._exit(LEFT)


def set_up_logging(settings: Settings, level: str = "", out: TextIO | None = None) -> None:
    """What is logged, and where to: standard output, unless a command needs that for itself. No line holds a
    secret of these settings."""
    env = settings.env
    told = (getattr(env, field) for field in type(env).model_fields)
    secrets = [one.get_secret_value() for one in told if isinstance(one, SecretStr)]
    secrets_told = [*secrets, *settings.webhook_secrets, *_password(env.database_url)]
    logs.set_up(level or env.log_level, env.log_format, secrets_told, out)


def _password(url: str) -> Sequence[str]:
    """The password in the address of a database, as it is written there and as it is."""
    written = urlsplit(url).password
    return () if written is None else (written, unquote(written))
