"""A manager looks at it: by the eyes on the form post or the card, or by the button."""

from typing import Any

from tests.stage import ACKNOWLEDGE, ACTED, BOT, LENA, MEI, TOMAS, Stage, reactions, said


def _card(stage: Stage, root: str) -> dict[str, Any]:
    card = stage.card(root)
    assert card is not None
    return card


def _is_acted_on(stage: Stage, ticket: int) -> bool:
    return ACTED in stage.ticket(ticket)["tags"]


def _notes(stage: Stage, ticket: int) -> list[str]:
    return [note["body"] for note in (stage.issue(ticket) or {"notes": []})["notes"]]


def test_the_eyes_on_the_form_post_acknowledge(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: _is_acted_on(shared, ticket) and len(_notes(shared, ticket)) == 2)
    shared.until(lambda: f":eyes: <@{LENA}> has been looking since" in said(_card(shared, root)))
    shared.quiet()
    assert "Lena Vogt is looking at this STAR." in _notes(shared, ticket)[1]
    assert _card(shared, root)["text"].startswith("Acknowledged · Urgent")
    assert ACKNOWLEDGE not in said(_card(shared, root))
    assert reactions(shared.root(root)) == {"eyes": [LENA]}, "the manager's own eyes are there already"


def test_the_eyes_on_the_card_acknowledge_and_the_bot_marks_the_form_post(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, _card(shared, root)["ts"], "eyes")
    shared.until(lambda: _is_acted_on(shared, ticket))
    shared.until(lambda: reactions(shared.root(root)) == {"eyes": [BOT]})


def test_the_button_acknowledges_and_the_bot_marks_the_form_post(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.presses(LENA, _card(shared, root), ACKNOWLEDGE)
    shared.until(lambda: _is_acted_on(shared, ticket))
    shared.until(lambda: reactions(shared.root(root)) == {"eyes": [BOT]})


def test_the_issue_goes_to_whoever_looks_not_to_whoever_is_on_call(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(MEI, root, "eyes::skin-tone-3")
    shared.until(lambda: (shared.issue(ticket) or {})["assignees"] == ["mtanaka"])
    shared.until(lambda: "assigned to mtanaka" in said(_card(shared, root)))


def test_somebody_who_looks_without_gitlab_name_leaves_the_assignee_as_it_is(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.presses(TOMAS, _card(shared, root), ACKNOWLEDGE)
    shared.until(lambda: len(_notes(shared, ticket)) == 2)
    assert (shared.issue(ticket) or {})["assignees"] == ["lvogt"]
    assert "Tomas Novak is looking at this STAR." in _notes(shared, ticket)[1]


def test_the_second_manager_is_told_kindly_who_looks_already(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    before = _card(shared, root)
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: _is_acted_on(shared, ticket))
    shared.quiet()
    # Mei's screen still shows the button.
    shared.desk.slack().chat_update(
        channel=before["channel"], ts=before["ts"], text="old", blocks=before["blocks"]
    )
    shared.presses(MEI, before, ACKNOWLEDGE)
    told = shared.until(lambda: shared.whispers(MEI))
    assert told[-1].startswith(f"<@{LENA}> has been looking at this STAR since")
    assert len(_notes(shared, ticket)) == 2


def test_acknowledged_before_the_issue_exists_everything_follows_when_gitlab_answers(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("gitlab", status=502)
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(root))
    shared.presses(LENA, _card(shared, root), ACKNOWLEDGE)
    shared.until(lambda: _is_acted_on(shared, ticket))
    assert shared.issue(ticket) is None
    shared.mends()
    shared.until(lambda: len(_notes(shared, ticket)) == 2, timeout_s=25)
    shared.until(lambda: len(shared.comments(ticket)) == 2)
    shared.until(lambda: "hourglass" not in said(_card(shared, root)))
