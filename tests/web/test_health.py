"""What a supervisor and a monitor are told: in each state, with the mend of what fails, and no customer's word."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from dbos import DBOS
from prometheus_client.parser import text_string_to_metric_families

from starbot.engine.runtime import SERVICES, Engine
from starbot.engine.store import Store
from starbot.engine.sweep import Every
from starbot.errors import SetupError
from starbot.services.names import Names
from starbot.web.health import Health, Watched
from starbot.web.server import WebServer
from tests.sandbox.desk import Desk, until
from tests.stage import Stage, sandbox

CONNECTED: dict[str, Any] = {
    "is_connected": lambda: True,
    "names": lambda: Names(channels={"stars": "C0STARS"}),
}


def ask(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/{path}", timeout=10)


def checks(port: int, path: str = "readyz") -> dict[str, Any]:
    found: dict[str, Any] = ask(port, path).json()["checks"]
    return found


def failing(port: int, path: str = "readyz") -> set[str]:
    """The checks that fail; each of them must say why, and how to mend it."""
    found = {name: check for name, check in checks(port, path).items() if not check["ok"]}
    assert all(check["why"] and check["mend"] for check in found.values())
    return set(found)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = Store(f"sqlite:///{tmp_path / 'starbot.db'}")
    kept.migrate()
    yield kept
    kept.close()


@contextmanager
def served(watched: Watched, **limits: float) -> Iterator[int]:
    """The endpoints alone; their port."""
    server = WebServer(("127.0.0.1", 0), Health(watched, **limits))
    try:
        yield server.port
    finally:
        server.stop()


# -- with a bot


def test_a_bot_that_hears_and_stores_is_alive_and_ready(stage: Stage, port: int) -> None:
    alive, ready = ask(port, "livez"), ask(port, "readyz")
    assert (alive.status_code, ready.status_code) == (200, 200)
    assert (alive.json()["status"], ready.json()["status"]) == ("ok", "ok")
    assert set(ready.json()["checks"]) == {"database", "engine", "slack", "names"}


def test_another_vendors_outage_leaves_the_bot_ready_and_is_told(empty_stage: Stage, port: int) -> None:
    empty_stage.breaks("zendesk", status=503)
    empty_stage.start()
    ready = ask(port, "readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["names"]["degraded"] == ["zendesk"]


def test_before_slack_was_ever_reached_the_bot_is_alive_and_not_ready(empty_stage: Stage, port: int) -> None:
    empty_stage.breaks("slack", status=503)
    starting = threading.Thread(target=empty_stage.start)
    starting.start()
    until(lambda: is_up(port))
    assert ask(port, "readyz").status_code == 503
    assert failing(port) == {"engine", "slack", "names"}
    assert ask(port, "livez").status_code == 200
    assert httpx.post(f"http://127.0.0.1:{port}/slack/events", content=b"{}").status_code == 503
    empty_stage.mends()
    starting.join(20)
    until(lambda: ask(port, "readyz").status_code == 200)


def is_up(port: int) -> bool:
    try:
        return ask(port, "livez").status_code > 0
    except httpx.ConnectError:
        return False


@pytest.fixture(scope="module")
def socket_desk() -> Iterator[Desk]:
    with sandbox() as desk:
        yield desk


def test_in_socket_mode_the_bot_is_ready_while_the_socket_is_up(
    socket_desk: Desk, tmp_path: Path, port: int
) -> None:
    stage = Stage(socket_desk, tmp_path)
    stage.environ["STARBOT_LISTEN"] = f"127.0.0.1:{port}"
    stage.breaks("slack", path="/slack/api/apps.connections.open", status=503)
    starting = threading.Thread(target=stage.start)
    starting.start()
    try:
        until(lambda: is_up(port) and failing(port) == {"slack"}, timeout_s=10)
        assert ask(port, "livez").status_code == 200
        stage.mends()
        until(lambda: ask(port, "readyz").status_code == 200, timeout_s=10)
    finally:
        stage.mends()
        starting.join(10)
        stage.stop()


def test_a_port_that_is_taken_is_a_complaint_that_names_the_mend(store: Store) -> None:
    with (
        served(Watched(store, **CONNECTED)) as port,
        pytest.raises(SetupError, match="Free it, or name another"),
    ):
        WebServer(("127.0.0.1", port), Health(Watched(store, **CONNECTED)))


# -- what a story cannot bring about


def test_a_sweep_that_is_stuck_is_not_alive(store: Store) -> None:
    goes_on = threading.Event()
    turn = Every("sweep", None, goes_on.wait)
    turn.start()
    with served(Watched(store, sweeper=turn, turns=[turn], **CONNECTED), stuck_s=0.05) as port:
        assert ask(port, "livez").status_code == 200
        turn.wake()
        until(lambda: ask(port, "livez").status_code == 503)
        assert checks(port, "livez")["turns"]["why"] == "at a standstill: sweep"
        goes_on.set()
        until(lambda: ask(port, "livez").status_code == 200)
        turn.stop()
        assert failing(port, "livez") == {"turns"}


def test_a_turn_that_fails_is_alive_because_the_next_one_comes(store: Store) -> None:
    failed: list[int] = []

    def fail() -> None:
        failed.append(1)
        raise RuntimeError

    turn = Every("sweep", None, fail)
    turn.start()
    with served(Watched(store, sweeper=turn, turns=[turn], **CONNECTED), stuck_s=0.05) as port:
        turn.wake()
        until(lambda: failed)
        until(lambda: ask(port, "livez").status_code == 200)
    turn.stop()


def _idle(database: str) -> tuple[Store, Engine]:
    """An engine that has no duty."""
    store = Store(database)
    store.migrate()
    many: dict[Any, Any] = dict.fromkeys(SERVICES, 4)
    return store, Engine(store, [], lambda: datetime.now(UTC), threads=8, places=many, settle_s=many)


def test_an_engine_that_has_ended_is_neither_alive_nor_ready(database: str) -> None:
    store, engine = _idle(database)
    with served(Watched(store, engine=engine, **CONNECTED)) as port:
        assert failing(port) == {"engine"}
        engine.launch()
        assert ask(port, "readyz").status_code == ask(port, "livez").status_code == 200
        engine.close(0)
        assert failing(port) == failing(port, "livez") == {"engine"}
    store.close()


def test_a_thread_that_begins_while_the_engine_does_and_ends_is_no_part_of_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()
    launch = DBOS.launch
    other = threading.Thread(target=began.wait)

    def launch_beside_another() -> None:
        other.start()
        launch()

    monkeypatch.setattr(DBOS, "launch", launch_beside_another)
    store, engine = _idle(database)
    try:
        engine.launch()
        began.set()
        other.join()
        assert engine.is_turning
    finally:
        engine.close(0)
        store.close()


def test_a_database_that_hangs_is_not_waited_for_and_the_meters_go_on(postgresql: str) -> None:
    store = Store(postgresql)
    store.migrate()
    with served(Watched(store, **CONNECTED), answer_s=0.2) as port:
        with psycopg.connect(postgresql.replace("+psycopg", "")) as other:
            other.execute("lock table cases in access exclusive mode")
            for _ in range(3):
                assert "database" in failing(port)
            assert "starbot_database_up 0.0" in ask(port, "metrics").text
            waiting = [one for one in threading.enumerate() if one.name == "starbot-asking"]
            assert len(waiting) == 1
        until(lambda: "database" not in failing(port))
        assert "starbot_database_up 1.0" in ask(port, "metrics").text
    store.close()


# -- the meters


def meters(port: int) -> dict[str, list[tuple[dict[str, str], float]]]:
    families = text_string_to_metric_families(ask(port, "metrics").text)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_the_meters_tell_of_a_star_and_no_label_holds_an_id_or_a_text(stage: Stage, port: int) -> None:
    before = meters(port)
    root = stage.announced()
    stage.breaks("gitlab", status=503)
    stage.reacts("U0LENA", root, "eyes")
    counted(port, lambda now: value(now, "starbot_effects_total", service="gitlab", outcome="delayed") >= 1)
    now = counted(port, lambda now: value(now, "starbot_oldest_unfinished_effect_seconds") > 0)
    grown = {
        name: value(now, *sample) - value(before, *sample)
        for name, sample in {
            "form posts": ("starbot_events_submitted_total", "form_posted"),
            "done": ("starbot_effects_total", "done"),
            "calls": ("starbot_vendor_call_seconds_count", "zendesk"),
            "acks": ("starbot_ack_seconds_count", "http"),
        }.items()
    }
    assert all(count >= 1 for count in grown.values()), grown
    assert value(now, "starbot_vendor_call_seconds_count", service="gitlab", outcome="delayed") >= 1
    assert value(now, "starbot_open_cases", duty="stars") == 1
    assert value(now, "starbot_stuck_events") == 0
    for name, samples in now.items():
        for labels, _ in samples:
            words = {word for label, word in labels.items() if label != "le"}
            assert all(word.replace("_", "").isalpha() and word.islower() for word in words), (name, labels)


def value(found: dict[str, Any], name: str, *words: str, **labels: str) -> float:
    """The sum of a meter's samples that have these words and labels."""
    fitting = (
        amount
        for has, amount in found.get(name, [])
        if set(words) <= set(has.values()) and labels.items() <= has.items()
    )
    return sum(fitting)


def counted(port: int, is_true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The meters, as soon as they say so."""
    found: dict[str, Any] = until(lambda: (now := meters(port)) and is_true(now) and now, timeout_s=15)
    return found
