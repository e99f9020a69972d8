"""A request in the wrong channel: somebody points at it, and it gets one anonymous answer."""

import json
from typing import Any

import pytest

from tests.filing import ANSWERS, FINE, card_about, closes, opened, sends
from tests.stage import (
    BOT,
    CASEY,
    GITLAB_COM,
    GUEST,
    LENA,
    MANAGERS,
    SELF_MANAGED,
    STARS,
    STRANGER,
    Stage,
    said,
)

POINTER = "U0ENG07"
"""An engineer whose id nothing but their own reactions and replies would bring to the bot."""


def _answers(stage: Stage, channel: str, post: str) -> list[str]:
    return [said(m) for m in stage.messages(channel, post) if m.get("user") == BOT]


def test_a_reply_that_is_only_the_emoji_brings_the_answer(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456? My customer is waiting.")
    shared.writes(POINTER, SELF_MANAGED, " :escalate: ", thread_ts=post)
    (answer,) = shared.until(lambda: _answers(shared, SELF_MANAGED, post))
    assert "Thank you for looking after this customer." in answer
    assert f"<#{STARS}>" in answer
    assert "support-ticket-attention-requests/|When and how to file a STAR>" in answer
    assert POINTER not in answer and CASEY not in answer


def _pointed_at(stage: Stage) -> dict[str, Any]:
    """The answer under a misplaced post."""
    post = stage.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123460? My customer is waiting.")
    stage.reacts(POINTER, post, "escalate", SELF_MANAGED)
    return dict(stage.until(lambda: stage.messages(SELF_MANAGED, post))[-1])


def test_the_answer_has_a_button_that_opens_the_form(shared: Stage) -> None:
    answer = _pointed_at(shared)
    assert "press *File a STAR*, and it is announced in" in said(answer)
    shared.presses(CASEY, answer, "star_file")
    assert opened(shared, CASEY)["title"]["text"] == "File a STAR"
    assert sends(shared, CASEY, **(ANSWERS | {"ticket": str(FINE[0])})) == {"ok": True}
    card = shared.until(lambda: card_about(shared, FINE[0]))
    assert f"*Filed by*\\n<@{CASEY}>" in said(card)
    closes(shared, CASEY)


def test_a_guest_who_presses_it_is_told_kindly_whom_to_ask(shared: Stage) -> None:
    shared.presses(GUEST, _pointed_at(shared), "star_file")
    view = opened(shared, GUEST)
    assert "STARs are filed by members of this workspace." in said(view)
    assert "Please ask your contact at GitLab to file it for you." in said(view)
    assert view["submit"] is None
    closes(shared, GUEST)


def test_somebody_of_another_workspace_who_presses_it_is_told_kindly_too(empty_stage: Stage) -> None:
    # The STAR channel is the one that Slack Connect shares with them.
    stage = empty_stage
    stage.configure('[slack]\nwatched_channels = ["support_ticket-attention-requests"]\n')
    stage.start()
    post = stage.writes(STRANGER, STARS, "Can somebody look at ticket 123460?")
    stage.reacts(POINTER, post, "escalate", STARS)
    answer = stage.until(lambda: stage.messages(STARS, post))[-1]
    stage.presses(STRANGER, answer, "star_file")
    kind = "That is for members of this workspace. Please ask your contact at GitLab to do it."
    stage.until(lambda: stage.whispers(STRANGER) == [kind])
    assert stage.views(STRANGER) == []


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (SELF_MANAGED, "escalate"),
        (GITLAB_COM, "support-ticket-attention-request"),
        (GITLAB_COM, "escalate::skin-tone-2"),
        (MANAGERS, "escalate"),
    ],
)
def test_a_reaction_brings_the_answer_in_each_watched_channel(shared: Stage, channel: str, name: str) -> None:
    post = shared.writes(LENA, channel, "Please look at 123457.")
    shared.reacts(LENA, post, name, channel)
    shared.until(lambda: _answers(shared, channel, post))


def test_a_reaction_on_a_reply_points_at_the_head_of_its_thread(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    reply = shared.writes(CASEY, SELF_MANAGED, "It is urgent!", thread_ts=post)
    shared.reacts(POINTER, reply, "escalate", SELF_MANAGED)
    shared.until(lambda: _answers(shared, SELF_MANAGED, post))


def test_a_post_gets_one_answer_whoever_points_and_however_often(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    shared.reacts(POINTER, post, "escalate", SELF_MANAGED)
    shared.writes("U0ENG08", SELF_MANAGED, ":escalate:", thread_ts=post)
    shared.until(lambda: _answers(shared, SELF_MANAGED, post))
    shared.reacts("U0ENG09", post, "support-ticket-attention-request", SELF_MANAGED)
    reply = shared.writes(CASEY, SELF_MANAGED, "anyone?", thread_ts=post)
    shared.reacts("U0ENG10", reply, "escalate", SELF_MANAGED)
    shared.desk.post("slack/unreact", user=POINTER, channel=SELF_MANAGED, ts=post, name="escalate")
    shared.reacts(POINTER, post, "escalate", SELF_MANAGED)
    for _ in range(3):
        shared.desk.post("slack/redeliver", n=1)
    shared.quiet()
    assert len(_answers(shared, SELF_MANAGED, post)) == 1


def test_a_lost_answer_of_slack_does_not_bring_two(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    shared.breaks("slack", "drop_after", method="chat.postMessage", times=1)
    shared.reacts(POINTER, post, "escalate", SELF_MANAGED)
    shared.until(lambda: _answers(shared, SELF_MANAGED, post))
    shared.quiet(1.0)
    assert len(_answers(shared, SELF_MANAGED, post)) == 1


@pytest.mark.parametrize("text", [":escalate: please", "I would :escalate: this", ":eyes:", "escalate"])
def test_a_reply_that_says_more_than_the_emoji_is_left_alone(shared: Stage, text: str) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    shared.writes(POINTER, SELF_MANAGED, text, thread_ts=post)
    shared.quiet(0.3)
    assert _answers(shared, SELF_MANAGED, post) == []


def test_other_channels_and_posts_of_bots_are_left_alone(shared: Stage) -> None:
    elsewhere = shared.writes(POINTER, "C0ONCAL", "Can somebody look at ticket 123456?")
    shared.reacts(POINTER, elsewhere, "escalate", "C0ONCAL")
    bots = shared.desk.post("slack/form", channel=SELF_MANAGED, text="A daily reminder of a workflow.")["ts"]
    shared.reacts(POINTER, bots, "escalate", SELF_MANAGED)
    shared.quiet(0.3)
    assert _answers(shared, "C0ONCAL", elsewhere) == _answers(shared, SELF_MANAGED, bots) == []


def test_who_pointed_is_stored_nowhere(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    shared.reacts(POINTER, post, "escalate", SELF_MANAGED)
    shared.until(lambda: _answers(shared, SELF_MANAGED, post))
    shared.quiet(0.3)
    kept = list(shared.folder.glob("*.db*"))
    assert len(kept) >= 2, "the database and its write-ahead log"
    assert any(post.encode() in file.read_bytes() for file in kept), "the post itself is known"
    for file in kept:
        for person in (POINTER, "Sofia Rossi", "sofia.rossi"):
            assert person.encode() not in file.read_bytes(), f"{person} in {file.name}"
    sent = json.dumps([row["request"] for row in shared.requests("slack")])
    assert POINTER not in sent
