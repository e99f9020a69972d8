"""Pages that PagerDuty's webhooks tell of before its answer to the page itself has come, or where that is lost."""

import socket
from collections.abc import Iterator

import pytest

from tests.scenarios.paging import (
    MANY,
    about,
    acts,
    closes_dialogs,
    confirmation,
    confirms,
    page,
    post,
    posts,
)
from tests.stage import Stage, sandbox

SECRET = "pd-webhook-secret"


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot that only webhooks tell how a page goes on."""
    # Held by a socket that does not listen, beside which another may.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held, sandbox() as desk:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{held.getsockname()[1]}"
        stage = Stage(desk, tmp_path_factory.mktemp("webhooks"))
        stage.configure(f"{MANY}poll_seconds = 3600\n")
        stage.environ |= {"STARBOT_LISTEN": place, "PAGERDUTY_WEBHOOK_SECRET": SECRET}
        desk.post("pagerduty/subscribe", url=f"http://{place}/webhooks/pagerduty", secret=SECRET)
        yield stage.start()
        stage.stop()


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared)


def test_where_the_answer_is_lost_the_webhook_tells_the_page_of_its_incident(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    confirmation(shared)
    shared.breaks("pagerduty", "drop_after", method="POST", times=1)
    shared.breaks("pagerduty", "status", method="GET", status=503)
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    acts(shared, incident, "acknowledge")
    shared.until(lambda: "Grace Wu answered." in post(shared, ticket))
    shared.mends()
    shared.quiet(1.5)
    assert "Grace Wu answered." in post(shared, ticket)
    assert len(about(shared, ticket)) == len(posts(shared, ticket)) == 1


def test_an_acknowledgement_while_the_page_is_not_answered_yet_is_not_taken_back_by_its_answer(
    shared: Stage,
) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    confirmation(shared)
    shared.breaks("pagerduty", "delay_after", method="POST", delay_s=1.5, times=1)
    since = shared.last_row()
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    acts(shared, incident, "acknowledge")
    shared.until(lambda: "Grace Wu answered." in post(shared, ticket))
    shared.until(lambda: [r for r in shared.requests("pagerduty", since) if r["method"] == "POST"])
    shared.quiet()
    assert "Grace Wu answered." in post(shared, ticket)
    assert len(about(shared, ticket)) == 1
