"""A STAR that does not qualify: reasons and another path, never a bare no; and the way back."""

from typing import Any

import pytest

from tests.scenarios.managing import (
    EMERGENCY,
    REOPEN,
    UNSTAR,
    UNSTARRED,
    acknowledged,
    card,
    labels,
    noted,
    opens,
    reopens,
    shown,
    shows_again,
    state_of,
    unstars,
)
from tests.stage import BOT, CASEY, LENA, MEI, PRIYA, STARS, TICKET, Stage, reactions, said

CHECK = "green-check-mark"


def _lines(stage: Stage, root: str, text: str) -> list[str]:
    """What the bot says in the thread beside the card."""
    found = [m for m in stage.messages(thread_ts=root) if m.get("user") == BOT and text in m["text"]]
    return [m["text"] for m in found if "STAR issue #" not in said(m)]


def _news(stage: Stage, user: str, ticket: int, text: str) -> list[dict[str, Any]]:
    found = [m for m in stage.messages(f"D{user[1:]}") if f"#{ticket}" in said(m)]
    return [m for m in found if text in m["text"]]


# -- unstarred


def test_the_initiator_is_told_in_the_thread_why_and_which_other_path(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    (line,) = shared.until(lambda: _lines(shared, root, "it does not fit"))
    assert line == (
        f"<@{CASEY}>: Thank you for the STAR. <@{LENA}> looked at it, and it does not fit: {EMERGENCY}. "
        "Production is down, so minutes count.\n*Instead:* The customer raises an emergency now.\n"
        "If that does not work for you, say so here."
    )
    shared.quiet()
    assert len(_lines(shared, root, "it does not fit")) == 1
    assert _news(shared, CASEY, ticket, "fit") == [], "who reads the channel needs no message more"


def test_the_issue_carries_the_reasons_and_the_label_and_is_closed(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    shared.until(lambda: state_of(shared, ticket) == "closed" and labels(shared, ticket) == ["unstarred"])
    (note,) = shared.until(lambda: noted(shared, ticket, "**Unstarred.**"))
    assert f"Lena Vogt decided that this STAR does not qualify: {EMERGENCY}." in note
    for text in ("Production is down, so minutes count.", "The customer raises an emergency now."):
        assert text in note
    assert "The initiator agreed: yes." in note
    shown_now = shown(shared, root)
    assert f"Unstarred by <@{LENA}>" in shown_now and "The initiator agreed: yes" in shown_now
    assert "Instead: The customer raises an emergency now." in shown_now
    assert card(shared, root)["text"].startswith("Unstarred · Urgent")
    assert REOPEN in shown_now and UNSTAR not in shown_now
    assert reactions(shared.root(root)) == {"eyes": [LENA]}, "no check mark: it was not resolved"


@pytest.mark.parametrize(("agreed", "says"), [("no", "no"), ("pending", "not asked yet")])
def test_whether_the_initiator_agreed_is_kept(shared: Stage, agreed: str, says: str) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root, agreed=agreed)
    shared.until(lambda: noted(shared, ticket, f"The initiator agreed: {says}."))
    assert f"The initiator agreed: {says}" in shown(shared, root)


def test_without_another_path_the_dialog_stays_open(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    view = opens(shared, LENA, card(shared, root), UNSTAR)
    assert "An account escalation, opened by the account team." in said(view), "it proposes paths"
    required = {"ok": False, "errors": {"alternative": "Please complete this required field."}}
    assert shared.sends(LENA, **UNSTARRED | {"alternative": ""}) == required
    unread = {"ok": False, "errors": {"alternative": "Please write something here."}}
    assert shared.sends(LENA, **UNSTARRED | {"alternative": " \u200b "}) == unread
    shared.quiet(0.3)
    assert state_of(shared, ticket) == "opened"
    assert shared.sends(LENA, **UNSTARRED | {"text": ""}) == {"ok": True}
    (line,) = shared.until(lambda: _lines(shared, root, "it does not fit"))
    assert f"it does not fit: {EMERGENCY}.\n*Instead:*" in line


def test_who_is_not_in_the_channel_is_told_by_direct_message_too(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA, **{"Submitted by": f"<@{PRIYA}>"})
    unstars(shared, MEI, root)
    (news,) = shared.until(lambda: _news(shared, PRIYA, ticket, "it does not fit"))
    assert f"<@{MEI}> looked at it, and it does not fit: {EMERGENCY}." in news["text"]
    assert "*Instead:* The customer raises an emergency now." in news["text"]
    assert news["text"].endswith(f"If that does not work for you, write to <@{MEI}>.")
    assert f"|STAR for #{ticket}>" in news["text"], "with a link to the card"
    assert _lines(shared, root, f"<@{PRIYA}>: Thank you for the STAR.")


def test_a_star_that_nobody_has_looked_at_can_be_unstarred_and_gets_no_macro(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    unstars(shared, LENA, root)
    shared.until(lambda: state_of(shared, ticket) == "closed" and noted(shared, ticket, "**Unstarred.**"))
    shared.quiet()
    assert "escalated_ticket" not in shared.ticket(ticket)["tags"]
    assert reactions(shared.root(root)) == {"eyes": [BOT]}


# -- opened again


def test_reopened_the_label_is_off_the_issue_open_and_the_reason_told(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    shared.until(lambda: state_of(shared, ticket) == "closed" and labels(shared, ticket) == ["unstarred"])
    reopens(shared, MEI, root, "They have no emergency contract.")
    shared.until(lambda: state_of(shared, ticket) == "opened" and labels(shared, ticket) == [])
    (note,) = shared.until(lambda: noted(shared, ticket, "opened this STAR again"))
    assert "Mei Tanaka" in note and "They have no emergency contract." in note
    line = f"<@{MEI}> opened this STAR again: They have no emergency contract."
    shared.until(lambda: _lines(shared, root, line))
    shared.until(lambda: f"<@{LENA}> has been looking" in shown(shared, root))
    assert UNSTAR in shown(shared, root) and REOPEN not in shown(shared, root)


def test_a_resolved_star_is_opened_again_and_the_bots_check_mark_goes(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    opens(shared, LENA, card(shared, root), "star_resolve")
    shared.sends(LENA, next_step="Anna calls them.")
    shared.until(lambda: CHECK in reactions(shared.root(root)))
    opens(shared, MEI, card(shared, root), REOPEN)
    assert shared.sends(MEI, reason=" \u200b ")["errors"] == {"reason": "Please write something here."}
    assert shared.sends(MEI, reason="Nobody called.") == {"ok": True}
    shared.until(lambda: state_of(shared, ticket) == "opened" and CHECK not in reactions(shared.root(root)))
    shared.reacts(MEI, root, CHECK)
    shared.until(lambda: state_of(shared, ticket) == "closed")
    shared.until(lambda: len(noted(shared, ticket, "Final disposition")) == 2)


def test_with_another_star_open_for_the_ticket_the_old_one_stays_closed(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    opens(shared, MEI, card(shared, root), REOPEN)
    newer = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(newer))
    assert shared.sends(MEI, reason="It is back.") == {"ok": True}
    told = "There is a newer open STAR for this ticket, so this one stays closed."
    shared.until(lambda: any(text.startswith(told) for text in shared.whispers(MEI)))
    before = len(shared.whispers(LENA))
    shared.presses(LENA, card(shared, root), REOPEN)
    (word,) = shared.until(lambda: shared.whispers(LENA)[before:])
    place = card(shared, newer)["ts"].replace(".", "")
    assert word.startswith(told) and f"p{place}" in word, "said at the press, with the way there"
    assert shared.views(LENA) == []
    assert [i["state"] for i in shared.issues() if f"ticket {ticket}," in i["title"]] == ["closed", "opened"]


def test_a_star_after_a_closed_one_links_to_it_on_card_and_issue(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    first = shared.issue(ticket) or {}
    newer = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: "STAR issue #" in shown(shared, newer))
    thread = f"/archives/{STARS}/p{root.replace('.', '')}|thread>"
    assert "There was a STAR for this ticket before: <" in shown(shared, newer)
    assert thread in shown(shared, newer) and f"/issues/{first['iid']}|issue>" in shown(shared, newer)
    second = shared.until(lambda: (found := shared.issue(ticket)) and found["iid"] != first["iid"] and found)
    before = next(row for row in second["description"].splitlines() if "STAR before" in row)
    assert before.endswith(f"/issues/{first['iid']} |")
    assert second["labels"] == []


# -- emoji taken away


def _takes_away(stage: Stage, user: str, ts: str, name: str) -> None:
    stage.desk.post("slack/unreact", user=user, channel=STARS, ts=ts, name=name)


@pytest.mark.parametrize("name", ["eyes", CHECK, "white_check_mark"])
def test_an_emoji_taken_away_undoes_nothing_the_bots_own_takes_its_place(shared: Stage, name: str) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, name)
    shared.until(lambda: f"<@{LENA}>" in shown(shared, root) and noted(shared, ticket, "is looking"))
    shared.until(lambda: "eyes" in reactions(shared.root(root)))
    ended = name != "eyes"
    shared.until(lambda: state_of(shared, ticket) == ("closed" if ended else "opened"))
    before = len(shared.whispers(LENA))
    _takes_away(shared, LENA, root, name)
    (word,) = shared.until(lambda: shared.whispers(LENA)[before:])
    assert "Taking the emoji away changes nothing." in word
    assert ("press *Reopen* on the card" if ended else "say so in the thread") in word
    shown_as = "eyes" if name == "eyes" else CHECK
    shared.until(lambda: reactions(shared.root(root)).get(shown_as) == [BOT])
    assert state_of(shared, ticket) == ("closed" if ended else "opened")


def test_an_emoji_taken_away_and_put_back_acts_no_second_time(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(MEI, root, CHECK)
    shared.until(lambda: shared.question(MEI, ticket) and len(noted(shared, ticket, "Final")) == 1)
    _takes_away(shared, MEI, root, CHECK)
    shared.until(lambda: reactions(shared.root(root)).get(CHECK) == [BOT])
    shared.reacts(MEI, root, CHECK)
    shared.reacts(MEI, root, "eyes")
    _takes_away(shared, MEI, root, "eyes")
    shared.reacts(MEI, root, "eyes")
    shared.quiet()
    assert len(noted(shared, ticket, "Final")) == 1 and len(noted(shared, ticket, "is looking")) == 1
    assert len([m for m in shared.messages("D0MEI") if f"#{ticket}" in said(m)]) == 1
    assert state_of(shared, ticket) == "closed"


def test_what_others_take_away_is_nobodys_business(shared: Stage) -> None:
    _, root = acknowledged(shared, LENA)
    shared.reacts(CASEY, root, "eyes")
    before = shown(shared, root)
    _takes_away(shared, CASEY, root, "eyes")
    shared.quiet()
    assert shared.whispers(CASEY) == [] and shown(shared, root) == before


def test_an_old_screens_reopen_tells_who_looks(shared: Stage) -> None:
    _, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    shared.quiet()
    old = card(shared, root)
    reopens(shared, LENA, root, "It is back.")
    shared.until(lambda: REOPEN not in shown(shared, root))
    shared.quiet()
    shows_again(shared, old)
    before = len(shared.whispers(MEI))
    shared.presses(MEI, old, REOPEN)
    (word,) = shared.until(lambda: shared.whispers(MEI)[before:])
    assert word.startswith(f"<@{LENA}> has been looking") and word.endswith("It needs no reopening.")


def test_an_unstarred_star_is_written_before_gitlab_answers_and_follows_then(stage: Stage) -> None:
    stage.breaks("gitlab", status=502)
    root = stage.files_star()
    stage.until(lambda: stage.card(root))
    unstars(stage, LENA, root)
    stage.until(lambda: _lines(stage, root, "it does not fit"))
    assert stage.issue() is None
    stage.mends()
    stage.until(lambda: state_of(stage, TICKET) == "closed", timeout_s=30)
    stage.until(lambda: labels(stage, TICKET) == ["unstarred"] and noted(stage, TICKET, "**Unstarred.**"))
