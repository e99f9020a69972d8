"""What is shown in Slack stays shown: a message of ours that somebody deleted is posted anew."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, cast

import pytest

from starbot.core.facts import MessageRef
from starbot.duties.stars.deeds import Hands, targets
from starbot.duties.stars.model import CardPosted, QuestionPosted, ReplyPosted, Star
from starbot.engine.duty import Try
from starbot.errors import ServiceRefused
from starbot.services.slack import SlackService
from tests.duties.stars.stories import LENA, LOOK, NOON, UNREADABLE, after, event, in_status
from tests.sandbox.desk import Desk
from tests.stage import STARS, sandbox

UNDER_IT = {"card": CardPosted, "reply": ReplyPosted, "question": QuestionPosted}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with sandbox() as desk:
        yield desk


@pytest.fixture
def show(desk: Desk) -> Callable[[str, Star], Any]:
    """Shows one thing of a STAR through the real Slack service; nothing else is spoken to."""
    nobody = cast(Any, None)
    hands = Hands(
        slack=SlackService("xoxb-sandbox", f"{desk.url}/slack/api/", 10),
        gitlab=nobody,
        zendesk=nobody,
        roster=nobody,
        now=lambda: NOON,
        look=lambda: LOOK,
        project="stars",
        confidential=True,
        macro_titles=(),
        note_ticket=True,
        channel=lambda: STARS,
        turn=lambda name: nullcontext(),
    )

    def show(thing: str, star: Star) -> Any:
        target = targets(hands)[thing]
        wanted = target.render(star)
        assert wanted is not None
        return target.show(star, wanted, None, Try())

    return show


def _star(desk: Desk, thing: str) -> Star:
    """A STAR under a form post of the sandbox, whose message for this thing is not there."""
    root = MessageRef(channel=STARS, ts=desk.post("slack/form", channel=STARS, text="A form")["ts"])
    star = {
        "card": lambda: in_status("acknowledged"),
        "reply": lambda: after(event("form_posted", form=UNREADABLE)),
        "question": lambda: after(
            event("form_posted"), event("resolved", by=LENA.model_copy(update={"slack": "U0LENA"}))
        ),
    }[thing]()
    gone = MessageRef(
        channel="D0LENA" if thing == "question" else STARS,
        ts="1794000000.000100",
        thread_ts=None if thing == "question" else root.ts,
    )
    return star.model_copy(update={"root": root, thing: gone})


@pytest.mark.parametrize("thing", UNDER_IT)
def test_a_message_that_somebody_deleted_is_posted_anew(
    desk: Desk, show: Callable[[str, Star], Any], thing: str
) -> None:
    star = _star(desk, thing)
    # Slack opens a direct message before it knows what is in it.
    desk.slack().conversations_open(users="U0LENA")
    posted = show(thing, star)
    assert isinstance(posted, UNDER_IT[thing])
    there = [m for m in desk.get("state")["slack"]["messages"] if m["ts"] == posted.ref.ts]
    assert [m["channel"] for m in there] == [getattr(star, thing).channel]
    assert show(thing, star.model_copy(update={thing: posted.ref})) is None


def test_another_refusal_is_told_and_nothing_is_posted_twice(
    desk: Desk, show: Callable[[str, Star], Any]
) -> None:
    star = _star(desk, "card")
    elsewhere = star.model_copy(update={"card": MessageRef(channel="C0NOWHERE", ts="1794000000.000100")})
    before = len(desk.get("state")["slack"]["messages"])
    with pytest.raises(ServiceRefused):
        show("card", elsewhere)
    assert len(desk.get("state")["slack"]["messages"]) == before
