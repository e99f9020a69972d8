"""A duty as small as can be, and an outpost in memory that it deals with, to try the engine on.

An errand is asked for, things are added to it, parcels are sent, a bell is rung, and a sign shows the sum.
The outpost does what its script says next: serve, hang, refuse, lose the answer.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from starbot.core import case as core
from starbot.core.case import Decision, Document, Effect, Event, Service
from starbot.engine.advance import Advance
from starbot.engine.duty import Deed, Duty, Target, Try
from starbot.engine.patience import Share
from starbot.engine.perform import Performer
from starbot.engine.runtime import SERVICES, Engine
from starbot.engine.store import Start, Store
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.traces import leaving

NOW = datetime(2026, 11, 17, 14, tzinfo=UTC)
DUTY = "errands"
Status: TypeAlias = Literal["open", "second", "closed"]


class Errand(core.Case):
    """One errand."""

    status: Status = "open"
    total: int = 0
    parcels: int = 0
    sent: tuple[str, ...] = ()
    rang: bool = False
    signs: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reference: str = ""
    rival: str = ""


class ErrandEvent(Event):
    """Anything that happens to an errand."""

    duty: ClassVar[str] = DUTY


class Asked(ErrandEvent):
    """An errand is asked for: so many parcels, one after the other, for a place that it wants alone."""

    kind: Literal["asked"] = "asked"
    place: str = ""
    parcels: int = 0
    ring: bool = False
    due_in_s: int = 0


class Added(ErrandEvent):
    """So much is added to the sum."""

    kind: Literal["added"] = "added"
    n: int


class Sent(ErrandEvent):
    """A parcel was sent."""

    kind: Literal["sent"] = "sent"
    key: str


class Rang(ErrandEvent):
    """The bell was rung."""

    kind: Literal["rang"] = "rang"


class SignMade(ErrandEvent):
    """The sign stands."""

    kind: Literal["sign_made"] = "sign_made"
    name: str


class Delayed(ErrandEvent, core.EffectDelayed):
    """No answer yet."""


class Failed(ErrandEvent, core.EffectFailed):
    """It will not be done."""


class Due(ErrandEvent, core.Due):
    """The deadline has come."""


AnyEvent: TypeAlias = Annotated[
    Asked | Added | Sent | Rang | SignMade | Delayed | Failed | Due, Field(discriminator="kind")
]


class Send(Effect):
    """Send a parcel."""

    service: ClassVar[Service] = "gitlab"
    kind: Literal["send"] = "send"


class Ring(Effect):
    """Ring the bell."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["ring"] = "ring"


def decide(errand: Errand | None, event: Any, rival: Errand | None) -> Decision | None:
    """What follows from an event."""
    if errand is None:
        return _open(event, rival) if isinstance(event, Asked) else None
    change: dict[str, Any] = {}
    effects: list[Effect] = []
    match event:
        case Added():
            change = {"total": errand.total + event.n}
        case Sent():
            change = {"sent": (*errand.sent, event.key)}
            if len(errand.sent) + 1 < errand.parcels:
                effects = [Send(key=f"{errand.id}:send:{len(errand.sent) + 1}")]
        case Rang():
            change = {"rang": True}
        case SignMade():
            change = {"signs": (*errand.signs, event.name)}
            effects = [Ring(key=f"{errand.id}:ring:0")]
        case Delayed():
            change = {"delayed": (*errand.delayed, event.key)}
        case Failed():
            change = {"failed": (*errand.failed, event.reason), "reference": event.reference}
        case Due():
            change = {"status": "closed", "claim": None, "next_due": None}
    return Decision(case=errand.model_copy(update=change), effects=tuple(effects))


def _open(event: Asked, rival: Errand | None) -> Decision:
    errand = Errand(
        id=f"errand-{event.handle}",
        status="second" if rival else "open",
        claim=event.place if event.place and not rival else None,
        rival=rival.id if rival else "",
        handles=(event.handle,),
        parcels=event.parcels,
        next_due=event.at + timedelta(seconds=event.due_in_s) if event.due_in_s else None,
    )
    sends = [Send(key=f"{errand.id}:send:0")] if event.parcels else []
    rings = [Ring(key=f"{errand.id}:ring:0")] if event.ring else []
    return Decision(case=errand, effects=(*sends, *rings))


def claim(errand: Errand | None, event: Any) -> str | None:
    """A place is for one open errand."""
    return event.place or None if isinstance(event, Asked) else None


Step: TypeAlias = Callable[[str], None]
"""One step of a script: raises, waits, or returns; it is told the key."""


@dataclass
class Outpost:
    """What is outside: parcels by key, bells, one sign an errand; every call in order."""

    calls: list[str] = field(default_factory=list)
    parcels: list[str] = field(default_factory=list)
    shown: list[Document] = field(default_factory=list)
    before: deque[Step] = field(default_factory=deque)
    """What happens, call for call, before a parcel is sent or the sign is written."""
    after: deque[Step] = field(default_factory=deque)
    """The same, after it has been."""
    writing: int = 0
    most_writing: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, effect: Any, errand: Errand) -> Event:
        """Sends a parcel."""
        self.calls.append("send")
        _next(self.before, effect.key)
        with leaving(writes=True):
            self.parcels.append(effect.key)
        _next(self.after, effect.key)
        return Sent(id=effect.key, at=NOW, key=effect.key)

    def find(self, effect: Any, errand: Errand) -> Event | None:
        """Whether a parcel is there."""
        self.calls.append("find")
        return Sent(id=effect.key, at=NOW, key=effect.key) if effect.key in self.parcels else None

    def ring(self, effect: Any, errand: Errand) -> Event:
        """Rings the bell."""
        self.calls.append("ring")
        return Rang(id=effect.key, at=NOW)

    def show(self, errand: Errand, wanted: Document, shown: Document | None, this_try: Try) -> Event | None:
        """Writes the sign, and makes it first; looks whether it stands only when told to."""
        stands = bool(errand.signs) or (this_try.look and bool(self.shown))
        self.calls.append("write" if stands else "make")
        with self.lock:
            self.writing += 1
            self.most_writing = max(self.most_writing, self.writing)
        try:
            _next(self.before, errand.id)
            with leaving(writes=True):
                self.shown.append(wanted)
            _next(self.after, errand.id)
        finally:
            with self.lock:
                self.writing -= 1
        return None if errand.signs else SignMade(id=errand.id, at=NOW, name="sign")


def _next(script: deque[Step], key: str) -> None:
    if script:
        script.popleft()(key)


# -- steps


def served(key: str) -> None:
    """Nothing in the way."""


def lost(key: str) -> None:
    """No answer came."""
    raise ServiceDelayed("gitlab", "send a parcel", maybe_done=True)


def asked_to_wait(seconds: float) -> Step:
    """The service says when to come again."""

    def step(key: str) -> None:
        raise ServiceDelayed("gitlab", "send a parcel", retry_after_s=seconds)

    return step


def wrote_and_then(step: Step) -> Step:
    """Something else was written, and then this happens."""

    def both(key: str) -> None:
        with leaving(writes=True):
            pass
        step(key)

    return both


def timed_out(key: str) -> None:
    """No answer came in time."""
    raise ServiceDelayed("gitlab", "send a parcel", maybe_done=True, may_still_run=True)


def refused(key: str) -> None:
    """The service says no."""
    raise ServiceRefused("gitlab", "closed", "send a parcel")


def broken(key: str) -> None:
    """A fault of ours."""
    raise ZeroDivisionError("a fault of ours")


@dataclass
class Hold:
    """A step that begins, and goes on when it may."""

    begun: threading.Event = field(default_factory=threading.Event)
    may: threading.Event = field(default_factory=threading.Event)

    def __call__(self, key: str) -> None:
        self.begun.set()
        assert self.may.wait(30), "nobody let it go on"


class PlugPulled(BaseException):
    """The process ends here."""


def plug_pulled(about: object) -> None:
    """The process ends here."""
    raise PlugPulled


@dataclass
class Fault:
    """Kinds of events that the duty cannot decide until it is mended."""

    kinds: set[str] = field(default_factory=set)

    def decide(self, errand: Errand | None, event: Any, rival: Errand | None) -> Decision | None:
        """As the duty decides, with the fault."""
        if event.kind in self.kinds:
            raise ZeroDivisionError(f"a fault in deciding {event.kind}")
        return decide(errand, event, rival)


def errands(outpost: Outpost, fault: Fault | None = None, *, sign: bool = False) -> Duty:
    """The duty as the engine sees it; with a sign or without."""
    shown = Target("slack", lambda errand: {"total": errand.total}, outpost.show)
    return Duty(
        name=DUTY,
        cases=Errand,
        events=TypeAdapter(AnyEvent),
        effects=TypeAdapter(Annotated[Send | Ring, Field(discriminator="kind")]),
        decide=(fault or Fault()).decide,
        claim=claim,
        arrive=lambda event: [event],
        deeds={"send": Deed(outpost.send, outpost.find), "ring": Deed(outpost.ring)},
        targets={"sign": shown} if sign else {},
        closed=("closed",),
    )


class Hands:
    """Advance and perform without the durable engine: what is started and told is kept for the test."""

    def __init__(self, store: Store, duty: Duty, *, places: int = 4, settle_s: float = 0.0) -> None:
        self.store = store
        self.started: list[Start] = []
        self.told: list[Event] = []
        self.on_start: Callable[[list[Start]], None] = self.started.extend
        self.on_tell: Callable[[Event], None] = self.told.append
        duties = {duty.name: duty}
        self.advance = Advance(store, duties)
        self.performer = Performer(
            store,
            duties,
            self.advance,
            lambda: NOW,
            {service: Share(places) for service in SERVICES},
            dict.fromkeys(SERVICES, settle_s),
            lambda starts: self.on_start(starts),
            lambda event: self.on_tell(event),
        )

    def asked(self, name: str = "a", **wish: Any) -> str:
        """An errand is asked for; answers its id."""
        self.advance(Asked(id=f"asked:{name}", at=NOW, handle=name, **wish))
        return f"errand-{name}"

    def errand(self, case_id: str = "errand-a") -> Errand:
        """The errand as stored."""
        return errand_in(self.store, case_id)


def errand_in(store: Store, case_id: str = "errand-a") -> Errand:
    """The errand as stored."""
    with store.read() as books:
        stored = books.case(case_id)
    assert stored is not None, f"there is no {case_id}"
    return Errand.model_validate_json(stored.body)


def added(number: int, name: str = "a", n: int = 1) -> Added:
    """Something is added to an errand."""
    return Added(id=f"added:{name}:{number}", at=NOW, case_id=f"errand-{name}", n=n)


def until(is_true: Callable[[], Any], timeout_s: float = 15.0) -> Any:
    """What `is_true` gives once it is something."""
    deadline = time.monotonic() + timeout_s
    while not (found := is_true()):
        assert time.monotonic() < deadline, f"it did not come true in {timeout_s} s"
        time.sleep(0.01)
    return found


@contextmanager
def running(
    store: Store, duty: Duty, *, places: int = 4, threads: int = 32, settle_s: float = 0.0
) -> Iterator[Engine]:
    """The durable engine itself, with this duty."""
    engine = Engine(
        store,
        [duty],
        lambda: NOW,
        threads=threads,
        places=dict.fromkeys(SERVICES, places),
        settle_s=dict.fromkeys(SERVICES, settle_s),
    )
    engine.launch()
    try:
        yield engine
    finally:
        engine.close(patience_s=0)
