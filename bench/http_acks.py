"""How soon and how many a second the bot acknowledges over HTTP, beside the least endpoint that could do it."""

import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.acks import ALONE_MS, GIVES_UP_MS
from bench.figures import Chapter, Figure, percentile, spread
from bench.stand import ENGINEERS, ROOT, STAR_CHANNEL, TICKETS, Stand, free_address, is_call, process
from starbot_sandbox.slack.http import signature

SECRET = "sandbox-signing-secret"
STARS = 10


class Run(NamedTuple):
    """What so many requests in flight brought: each one's milliseconds, all the seconds, who was not taken."""

    each_ms: list[float]
    took_s: float
    refused: int

    @property
    def a_second(self) -> float:
        """How many were answered a second."""
        return len(self.each_ms) / self.took_s


def measure(stand: Stand, levels: Mapping[int, int]) -> Chapter:
    """Reactions of people who may not, on open STARs: each is stored durably, decided, and left alone."""
    roots = stand.at_once([partial(stand.files_star, ticket) for ticket in TICKETS[:STARS]])
    stand.until(lambda row: is_call(row, "chat.postMessage"), STARS)
    stand.settle()
    figures = []
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as name:
        listen = free_address()
        command = [sys.executable, "-m", "bench.bare", listen, str(Path(name) / "bare.db")]
        with process(command, {**os.environ, "PYTHONPATH": str(ROOT)}, Path(name) / "bare.log") as child:
            child.line("listening")
            bodies = _bodies(roots)
            for in_flight, count in levels.items():
                bare = asyncio.run(_load(listen, bodies, in_flight, count))
                bot = asyncio.run(_load(stand.listen, bodies, in_flight, count))
                figures.append(_figure(in_flight, count, bot, bare))
                stand.settle()
    return Chapter(
        "Ack over HTTP",
        "A signed `reaction_added` posted to the bot over kept connections, to its 200: verified, stored durably; "
        "decided while the next ones come. Throughput as a ratio to a bare Starlette endpoint that verifies the "
        "signature, parses, and inserts one row into SQLite, measured just before from the same process.",
        figures,
    )


def _figure(in_flight: int, count: int, bot: Run, bare: Run) -> Figure:
    late = sum(each > GIVES_UP_MS for each in bot.each_ms) + bot.refused
    met = late == 0 and (in_flight > 1 or statistics.median(bot.each_ms) < ALONE_MS)
    return Figure(
        f"SQLite, {in_flight} in flight, {count} reactions",
        f"{bot.a_second / bare.a_second:.2f} × ({bot.a_second:.0f}/s; bare {bare.a_second:.0f}/s) · "
        f"{spread(bot.each_ms)} · {late} late (bare p50 {statistics.median(bare.each_ms):.1f} · "
        f"p99 {percentile(bare.each_ms, 0.99):.1f} ms)",
        "none after 3 s" + (f", p50 < {ALONE_MS:.0f} ms" if in_flight == 1 else ""),
        met,
    )


def _bodies(roots: list[str]) -> Iterator[bytes]:
    """Events without end, no two the same."""
    numbers = itertools.count(1)
    for number, root, user in zip(numbers, itertools.cycle(roots), itertools.cycle(ENGINEERS), strict=False):
        event = {
            "type": "reaction_added",
            "user": user,
            "reaction": "eyes",
            "item": {"type": "message", "channel": STAR_CHANNEL, "ts": root},
            "event_ts": f"{time.time():.6f}",
        }
        whose = {"team_id": "T0SANDBOX", "api_app_id": "A0STARBOT", "event_id": f"Ev{number}"}
        yield json.dumps({"type": "event_callback", "event": event, **whose}).encode()


async def _load(listen: str, bodies: Iterator[bytes], in_flight: int, count: int) -> Run:
    host, _, port = listen.rpartition(":")
    wanted = itertools.islice(bodies, count)
    each_ms: list[float] = []
    refused = 0

    async def line() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(host, int(port))
        for body in wanted:
            began = time.perf_counter()
            writer.write(_request(body))
            status = await _status(reader)
            each_ms.append((time.perf_counter() - began) * 1000)
            refused += status != 200
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(line() for _ in range(in_flight)))
    return Run(each_ms, time.perf_counter() - began, refused)


def _request(body: bytes) -> bytes:
    headers = {
        "Host": "starbot",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **signature(SECRET, body, int(time.time())),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /slack/events HTTP/1.1\r\n{head}\r\n".encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of one answer, which is read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(line for line in head.splitlines() if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split()[1])
