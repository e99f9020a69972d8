"""What a thousand times more closed STARs cost: two bots side by side, one on a database with few, one with many.

Everything is asked of both in turn, so that whatever else the machine does meanwhile meets both alike.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from bench.figures import Chapter, Figure
from bench.grow import FIRST_TICKET, grow, played
from bench.stand import MANAGERS, STAR_CHANNEL, TICKETS, Stand, ended_ms, is_card, resident_mb, world
from starbot.duties.stars.model import CLOSED, DUTY
from starbot.engine.store import Books, Store

FEW, MANY = 100, 100_000
TARGET = 1.5
STARTS, ASKED, FILED = 5, 30, 15
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def measure(kind: str, address: Callable[[], str], many: int) -> Chapter:
    """The ratios on one kind of database."""
    like = played()
    urls = (address(), address())
    for url, count in zip(urls, (FEW, many), strict=True):
        grow(url, count, like)
    figures = [_figure(f"{kind}, {what}", took, "ms") for what, took in _looks(urls).items()]
    with ExitStack() as stack:
        stands = [stack.enter_context(world(url)) for url in urls]
        began = [[_start_ms(stand) for stand in stands] for _ in range(STARTS)]
        figures.append(_figure(f"{kind}, a bot's start until it listens", began, "ms"))
        pids = [stack.enter_context(stand.bot()) for stand in stands]
        fresh = [resident_mb(pid) for pid in pids]
        for stand in stands:
            stand.settle()
        asked = {
            "a new STAR's form post to its announcement": [
                [_announced_ms(stand, ticket) for stand in stands] for ticket in TICKETS[:FILED]
            ],
            "`/star list`": [[_command_ms(stand, "list") for stand in stands] for _ in range(ASKED)],
            "`/star show` of a closed one": [
                [_command_ms(stand, f"show {FIRST_TICKET + FEW // 2}") for stand in stands]
                for _ in range(ASKED)
            ],
        }
        figures += [_figure(f"{kind}, {what}", took, "ms") for what, took in asked.items()]
        worked = [resident_mb(pid) for pid in pids]
    figures.append(_figure(f"{kind}, memory of the bot after its start", [fresh], "MB"))
    figures.append(_figure(f"{kind}, memory of the bot after all that", [worked], "MB"))
    return Chapter(
        "Growth",
        f"{many} closed STARs in the database against {FEW}, each with its journal: medians of what both were asked "
        "in turn.",
        figures,
    )


def _figure(what: str, took: Sequence[Sequence[float]], unit: str) -> Figure:
    few, many = (statistics.median(both[number] for both in took) for number in (0, 1))
    ratio = many / few
    return Figure(what, f"{ratio:.2f} × ({many:.1f} and {few:.1f} {unit})", f"≤ {TARGET} ×", ratio <= TARGET)


def _looks(urls: Sequence[str]) -> dict[str, list[list[float]]]:
    """What the bot asks of its database again and again, asked by ourselves."""
    stores = [Store(url) for url in urls]
    looks: dict[str, Callable[[Books], object]] = {
        "the sweep's look": lambda books: books.due(datetime.now(UTC)),
        "retention's look, nothing to let go": lambda books: books.closed_before(
            DUTY, CLOSED, LONG_AGO, limit=1000
        ),
        "a start's look at what changed lately": lambda books: books.lately(
            DUTY, datetime.now(UTC) - timedelta(hours=2)
        ),
        "the meters' count of what is open": lambda books: books.counts(),
    }
    took = {
        what: [[_look_ms(store, look) for store in stores] for _ in range(ASKED)]
        for what, look in looks.items()
    }
    for store in stores:
        store.close()
    return took


def _look_ms(store: Store, look: Callable[[Books], object]) -> float:
    began = time.perf_counter()
    with store.read() as books:
        look(books)
    return (time.perf_counter() - began) * 1000


def _start_ms(stand: Stand) -> float:
    began = time.perf_counter()
    with stand.bot():
        return (time.perf_counter() - began) * 1000


def _command_ms(stand: Stand, text: str) -> float:
    began = time.perf_counter()
    stand.post("slack/command", user=MANAGERS[0], channel=STAR_CHANNEL, command="/star", text=text)
    return (time.perf_counter() - began) * 1000


def _announced_ms(stand: Stand, ticket: int) -> float:
    since = stand.last()
    root = stand.files_star(ticket)
    (card,) = stand.until(is_card(root), since=since)
    stand.settle()
    return ended_ms(card) - float(root) * 1000
