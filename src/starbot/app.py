"""The composition root: settings become services, duties, an engine and a Slack app; nothing else is made
elsewhere. Read `duties_of` for what the bot can do and `Bot.start` for what happens when it starts.
"""

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic import TypeAdapter
from slack_bolt.adapter.socket_mode import SocketModeHandler

from starbot.core.hours import Region
from starbot.duties.redirects import deeds as redirect_deeds
from starbot.duties.redirects import model as redirects
from starbot.duties.redirects import slack as redirect_slack
from starbot.duties.redirects import words as redirect_words
from starbot.duties.stars import deeds as star_deeds
from starbot.duties.stars import door as star_door
from starbot.duties.stars import model as stars
from starbot.duties.stars import words as star_words
from starbot.duties.stars.catch_up import CatchUp
from starbot.duties.stars.dialogs import Dialogs
from starbot.duties.stars.form import FormLabels, UrgencyLevel
from starbot.duties.stars.slack import FormReader, Listener
from starbot.engine.duty import Duty
from starbot.engine.memory import StoreMemory
from starbot.engine.patience import GO_ON_AFTER_S
from starbot.engine.runtime import SERVICES, Engine
from starbot.engine.store import Store, StoredCase
from starbot.engine.sweep import Every, sweep
from starbot.errors import ServiceDelayed, ServiceRefused, SetupError
from starbot.listeners import bolt_app
from starbot.services import names
from starbot.services.clock import SandboxClock, SystemClock
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.people import People, PeopleFile
from starbot.services.roster import Roster
from starbot.services.slack import Identity, SlackService
from starbot.services.zendesk import ZendeskService
from starbot.settings import Settings

log = structlog.get_logger("starbot")

_NAMES = "names"
_IDENTITY = "identity"
SLACK_PAUSE_S = 3.0
FORGET_EVERY_S = 3600.0


class StoredStars:
    """The STARs as the door, the dialogs and the catch-up look them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_id(self, case_id: str) -> stars.Star | None:
        """The STAR with this id."""
        with self._store.read() as books:
            stored = books.case(case_id)
        return _star(stored) if stored is not None and stored.duty == stars.DUTY else None

    def by_handle(self, handle: str) -> stars.Star | None:
        """The STAR with this outside name."""
        with self._store.read() as books:
            case_id = books.case_of(handle)
        return None if case_id is None else self.by_id(case_id)

    def in_channel(self, channel: str) -> Sequence[stars.Star]:
        """The STARs that have a message in this channel."""
        with self._store.read() as books:
            found = books.cases_named(f"slack:{channel}:")
        return [_star(one) for one in found if one.duty == stars.DUTY]

    def lately(self, since: datetime) -> Sequence[stars.Star]:
        """The STARs that are open or changed since then."""
        with self._store.read() as books:
            return [_star(one) for one in books.lately(stars.DUTY, since)]


def _star(stored: StoredCase) -> stars.Star:
    return stars.Star.model_validate_json(stored.body)


class Bot:
    """One running bot. `start` returns once it listens; `stop` leaves what is not finished for the next start."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        env, limits = settings.env, settings.limits
        self._clock = SandboxClock(env.sandbox_clock) if env.sandbox_clock else SystemClock()
        self._people = PeopleFile.read(env.people) if env.people else People()
        self._store = Store(env.database_url)
        self._store.migrate()
        self._memory = StoreMemory(self._store)
        self._known = StoredStars(self._store)
        self._slack = SlackService(
            env.slack_bot_token.get_secret_value(), env.slack_api_url, limits.slack.timeout_s
        )
        self._gitlab = GitLabService(
            env.gitlab_url, env.gitlab_token.get_secret_value(), limits.gitlab.timeout_s
        )
        self._zendesk = ZendeskService(
            env.zendesk_url,
            env.zendesk_client_id,
            env.zendesk_client_secret.get_secret_value(),
            env.zendesk_email,
            env.zendesk_token.get_secret_value(),
            limits.zendesk.timeout_s,
        )
        # Nobody waits longer for PagerDuty than for an announcement: then the remembered schedule counts.
        self._pagerduty = PagerDutyService(
            env.pagerduty_url,
            env.pagerduty_token.get_secret_value(),
            env.pagerduty_from or None,
            min(GO_ON_AFTER_S, limits.pagerduty.timeout_s),
        )
        self._names = self._remembered_names()
        groups = settings.slack.manager_groups
        self._roster = Roster(
            self._slack,
            self._pagerduty,
            self._people,
            self._memory,
            self._clock.now,
            schedules=lambda: self._names.schedules,
            groups=lambda: {name: found for name, found in self._names.groups.items() if name in groups},
        )
        self._threads: list[Every] = []
        self._socket: SocketModeHandler | None = None

    # -- life

    def start(self) -> None:
        """Resolves names, starts the engine, listens, and catches up."""
        identity = self._identify()
        self._refresh()
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
        self._engine.replay_stuck()
        timing = self._settings.timing
        sweeper = Every(
            "sweep",
            timing.sweep_seconds,
            lambda: sweep(self._store, duties, self._clock.now(), self._engine.submit),
        )
        refresher = Every("refresh", timing.schedule_refresh_minutes * 60, self._keep_fresh)
        catch_up = self._catch_up(identity)
        catch_up.begin(self._clock.now())
        # Woken by each connection and by new names; by itself it only tries again what failed.
        self._catcher = Every("catch-up", None, lambda: catch_up(self._clock.now()))
        forgetter = Every("forget", FORGET_EVERY_S, self._engine.forget)
        self._threads = [sweeper, refresher, self._catcher, forgetter]
        for thread in self._threads:
            thread.start()
        if self._is_deaf():
            refresher.wake()
        if isinstance(self._clock, SandboxClock):
            self._clock.on_move(lambda _: sweeper.wake())
        self._listen(identity)
        log.info("listening", team=identity.team_url)

    def stop(self, patience_s: int = 5) -> None:
        """Stops listening first, then the threads, then the engine, which may take so long to finish what is
        under way; what is not finished then is pending and runs after the next start."""
        closing = _close(self._socket) if self._socket is not None else None
        for thread in self._threads:
            thread.stop()
        self._engine.close(patience_s)
        if closing is not None:
            closing.join()
        if isinstance(self._clock, SandboxClock):
            self._clock.close()
        self._store.close()

    # -- what the bot can do

    def _duties_of(self, identity: Identity) -> Sequence[Duty]:
        """Every duty: what it decides, what it does, what it shows."""
        return (self._stars(identity), self._redirects())

    def _stars(self, identity: Identity) -> Duty:
        settings = self._settings
        policy = stars.Policy(
            urgency_minutes={level.name: level.minutes for level in settings.urgency},
            regions=tuple(Region(r.name, r.zone, r.opens, r.closes) for r in settings.region),
            note_ticket=settings.zendesk.note,
            undo_minutes=settings.timing.undo_minutes,
        )
        hands = star_deeds.Hands(
            slack=self._slack,
            gitlab=self._gitlab,
            zendesk=self._zendesk,
            roster=self._roster,
            now=self._clock.now,
            look=lambda: self._look(identity),
            project=settings.gitlab.project,
            confidential=settings.gitlab.confidential,
            macro_titles=settings.zendesk.macro,
            note_ticket=settings.zendesk.note,
        )
        door = star_door.Door(self._known, self._roster, self._slack, self._reader().read)
        return Duty(
            name=stars.DUTY,
            cases=stars.Star,
            events=TypeAdapter(star_door.Arriving),
            effects=TypeAdapter(stars.AnyEffect),
            decide=lambda star, event, rival: stars.decide(star, event, rival, policy),
            claim=stars.claim,
            arrive=door.arrive,
            deeds=star_deeds.deeds(hands),
            targets=star_deeds.targets(hands),
        )

    def _redirects(self) -> Duty:
        texts = self._settings.texts
        hands = redirect_deeds.Hands(
            slack=self._slack,
            now=self._clock.now,
            answer=lambda: redirect_words.how_to_file(
                self._channel(self._settings.slack.star_channel), texts.how_to_star, texts.form_link
            ),
        )
        return Duty(
            name=redirects.DUTY,
            cases=redirects.Redirect,
            events=TypeAdapter(redirects.AnyEvent),
            effects=TypeAdapter(redirects.AnyEffect),
            decide=redirects.decide,
            claim=lambda case, event: None,
            arrive=lambda event: redirect_deeds.arrive(hands, event),
            deeds=redirect_deeds.deeds(hands),
        )

    # -- listening

    def _listen(self, identity: Identity) -> None:
        emoji = self._settings.slack.emoji.escalate
        listener = Listener(self._reader(), identity.user_id, self._emoji())
        dialogs = Dialogs(self._slack, self._roster, self._known, self._engine.submit, self._clock.now)
        app = bolt_app(
            self._slack,
            identity,
            messages=[
                listener.from_message,
                lambda event, at: redirect_slack.from_reply(event, self._watched(), emoji, at),
            ],
            reactions=[
                listener.from_reaction,
                lambda event, at: redirect_slack.from_reaction(event, self._watched(), emoji, at),
            ],
            clicks=[listener.from_click],
            dialogs=[listener.from_dialog],
            objections=[listener.objections],
            openers={
                star_words.RESOLVE: dialogs.resolve,
                star_words.SEND_PUBLICLY: dialogs.send_publicly,
            },
            submit=self._engine.submit,
            now=self._clock.now,
        )
        token = self._settings.env.slack_app_token.get_secret_value()
        self._socket = SocketModeHandler(app, token, concurrency=20)
        self._socket.client.message_listeners.append(self._heard)
        _until_it_works(self._socket.connect, "connect to Slack")

    def _heard(self, client: Any, message: dict[str, Any], raw: str | None) -> None:
        """Slack says hello at each connection: whatever came while there was none is read now."""
        if message.get("type") == "hello":
            self._catcher.wake()

    def _catch_up(self, identity: Identity) -> CatchUp:
        return CatchUp(
            slack=self._slack,
            reader=self._reader(),
            own_user=identity.user_id,
            emoji=self._emoji(),
            memory=self._memory,
            watched=self._known.lately,
            known=self._known.by_handle,
            look=lambda: self._look(identity),
            submit=self._engine.submit,
        )

    def _reader(self) -> FormReader:
        form = self._settings.form
        return FormReader(
            channel=lambda: self._channel(self._settings.slack.star_channel),
            labels=FormLabels(
                sources=form.sources, contact_notices=form.contact_notices, **form.labels.model_dump()
            ),
            urgencies=[
                UrgencyLevel(level.name, level.minutes, level.aliases) for level in self._settings.urgency
            ],
        )

    def _emoji(self) -> Mapping[star_door.Meaning, Sequence[str]]:
        emoji = self._settings.slack.emoji
        return {"acknowledge": emoji.acknowledge, "resolve": emoji.resolve}

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

    def _remembered_names(self) -> names.Names:
        kept = self._memory.recall(_NAMES)
        return names.Names() if kept is None else names.Names.model_validate(kept[1])

    def _refresh(self) -> None:
        """Resolves every configured name, and reads who may act and who is on call."""
        settings = self._settings
        wanted = names.Wanted(
            channels=(settings.slack.star_channel, *settings.slack.watched_channels),
            groups=(*settings.slack.manager_groups, settings.slack.fallback_group),
            emoji={
                "acknowledge": settings.slack.emoji.acknowledge,
                "resolve": settings.slack.emoji.resolve,
                "escalate": settings.slack.emoji.escalate,
            },
            project=settings.gitlab.project,
            macro=settings.zendesk.macro,
            schedules=tuple(region.schedule for region in settings.region),
        )
        if not self._names.schedules or self._names.missing or self._names.unknown:
            self._names = names.resolve(
                wanted, self._slack, self._gitlab, self._zendesk, self._pagerduty, self._names
            )
            self._memory.remember(_NAMES, self._clock.now(), self._names.model_dump(mode="json"))
            for complaint in self._names.missing:
                log.warning("something is missing", what=complaint)
        self._roster.refresh()

    def _keep_fresh(self) -> None:
        """Refreshes; what was posted while the names of channels were unknown is read once they are known.

        Raises ServiceDelayed until Slack has told its names, for without them nobody is heard.
        """
        before = self._names.channels
        self._refresh()
        if self._names.channels != before:
            self._catcher.wake()
        if self._is_deaf():
            raise ServiceDelayed("slack", "tell the names of its channels")

    def _is_deaf(self) -> bool:
        return "slack" in self._names.unknown

    def _watched(self) -> Sequence[str]:
        return [self._channel(name) for name in self._settings.slack.watched_channels]

    def _channel(self, name: str) -> str:
        return self._names.channels.get(name, "")

    def _look(self, identity: Identity) -> star_words.Look:
        settings = self._settings
        return star_words.Look(
            team_url=identity.team_url,
            ticket_link=settings.zendesk.ticket_link
            or f"{settings.env.zendesk_url}/agent/tickets/{{ticket}}",
            fallback_group=self._names.groups.get(settings.slack.fallback_group, ""),
            fallback_name=settings.slack.fallback_group,
            broadcast=settings.slack.announce == "broadcast",
            acknowledge_emoji=self._names.emoji.get("acknowledge", settings.slack.emoji.acknowledge[0]),
            resolve_emoji=self._names.emoji.get("resolve", settings.slack.emoji.resolve[-1]),
            urgencies=tuple(level.name for level in settings.urgency),
            how_to_star=settings.texts.how_to_star,
            issue_title=settings.gitlab.title,
            issue_description=settings.gitlab.description,
            issue_labels=settings.gitlab.labels,
            ticket_tag=settings.zendesk.tag,
            issue_blanks=settings.zendesk.issue_blanks,
            thread_blanks=settings.zendesk.thread_blanks,
            undo_minutes=settings.timing.undo_minutes,
        )


def run(settings: Settings) -> int:
    """Runs the bot until it is told to stop; the exit status."""
    _set_up_logging(settings.env.log_level)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    bot = Bot(settings)
    bot.start()
    stopped.wait()
    bot.stop()
    return 0


def _close(handler: SocketModeHandler) -> threading.Thread:
    """Closes the connection now (the client would first wait out its reading, three seconds) and lets the
    client tidy up in the thread that is returned."""
    client = handler.client
    client.auto_reconnect_enabled = False
    session = client.current_session
    if session is not None and session.sock is not None:
        with contextlib.suppress(OSError):
            session.sock.shutdown(socket.SHUT_RDWR)
    closing = threading.Thread(target=client.close, name="starbot-closing", daemon=True)
    closing.start()
    return closing


def _until_it_works(call: Any, what: str) -> None:
    while True:
        try:
            call()
            return
        except Exception as error:
            log.warning(f"could not {what}; trying again", error=type(error).__name__, pause_s=SLACK_PAUSE_S)
            time.sleep(SLACK_PAUSE_S)


def _set_up_logging(level: str) -> None:
    # By force: zenpy turns everything to DEBUG, customers' texts included, where it finds DEBUG_LOG set.
    logging.basicConfig(
        force=True, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
