"""Every text and block about a compromised instance: the messages, the dialogs, the word to one person. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from starbot.blocks import (
    LONG_INPUT,
    button,
    choice,
    group_mention,
    line,
    mention,
    moment,
    notice,
    section,
    text_input,
    ticket_link,
    valid,
)
from starbot.blocks import message as document
from starbot.core.case import Document
from starbot.core.facts import Fact, MacroPreview
from starbot.core.text import one_line, plain, slack_clip, slack_text
from starbot.duties.compromised.model import (
    Choice,
    Compromise,
    Desk,
    How,
    Points,
    Report,
    Run,
    Told,
    applied,
    fingerprint,
)

BEFORE, INSTEAD, NOT_NEEDED = "compromised_before", "compromised_instead", "compromised_not_needed"
POINTS, MACRO, CLOSE = "compromised_points", "compromised_macro", "compromised_close"
REPORT_VIEW, POINTS_VIEW = "compromised_report_view", "compromised_points_view"
MACRO_VIEW = "compromised_macro_view"
AS_NOTE, TO_CUSTOMER = "note", "customer"
VERSION = 1

SECTION = 1300
REPORTS = 2400
"""So much of each, and a whole message stays below what Slack takes."""
CHUNK = 2900
MOST_ADVISED, MOST_REPORTS, MOST_RECORDED = 5, 4, 10
ADVICE_A_BLOCK = 5

RULE = "No call is offered to the customer before a manager has said how."


class Question(Fact):
    """What customers ask, and what Support answers."""

    question: str
    answer: str


class Look(Fact):
    """Names and texts of this organisation."""

    ticket_link: str = ""
    """With {ticket} for the number."""
    fallback_group: str = ""
    fallback_name: str = ""
    manager_service: str = ""
    """The PagerDuty service that pages the manager on call."""
    answer_minutes: int = 10
    macro: str = ""
    advice: tuple[str, ...] = ()
    """The first of them stand on the message, in their order."""
    questions: tuple[Question, ...] = ()
    talking_points: str = ""
    sirt: str = ""
    """Whom else the manager thinks of; "" where there is nothing to say."""


# -- the message to a manager, and to whoever reported it


def message(case: Compromise, number: int, look: Look) -> Document | None:
    """One message a person, which always says how it stands; None where nobody has that number."""
    if number >= len(case.desks):
        return None
    desk = case.desks[number]
    blocks: list[Block] = [_section("\n".join(_head(case, desk, look)))]
    blocks.append(section("\n".join(_known(case.reports)), REPORTS))
    blocks.append(_section("\n".join(_short_advice(look))))
    blocks.append(section("\n".join(["*Record*", *_newest(_record(case))])))
    if case.status != "closed":
        if desk.is_manager:
            blocks.append(ActionsBlock(block_id="compromised_call", elements=_call_buttons(case)))
        elements = _word_buttons(case, desk, look)
        blocks.append(ActionsBlock(block_id="compromised_words", elements=elements))
    return document(f"Compromised instance ZD#{case.ticket}: {_short(case)}", blocks)


def reached_directly(desk: Desk) -> str:
    """The Slack id to which a direct message goes; "" where the channel must do."""
    return desk.person.slack if desk.person is not None and desk.is_reachable else ""


def _head(case: Compromise, desk: Desk, look: Look) -> Iterator[str]:
    if not reached_directly(desk) and desk.is_manager:
        yield f"{group_mention(look.fallback_group, look.fallback_name)}: {_unreached(desk)}"
    customer = f" · {line(case.customer)}" if case.customer else ""
    yield f":rotating_light: *Compromised instance* · {_name(case, look)}{customer}"
    if case.is_unknown:
        yield f":warning: {_UNKNOWN}"
    if case.status == "closed":
        yield f":ballot_box_with_check: *Closed* by {mention(case.closed_by)}. {_REPORT_AGAIN}"
        return
    yield f"*{RULE}*"
    if case.status == "waiting" and case.reminded_at is not None:
        yield f":warning: *{_undecided_for(look)}*"
    if case.choice is not None:
        yield f":white_check_mark: {_said(case.choice)}, since {moment(case.choice.at)}. Next: {_NEXT[case.choice.how]}"
        if desk.is_manager:
            yield "That can be changed: press another button. The record keeps both."
    elif desk.is_manager:
        yield "How shall it go? Press a button; whoever reported it hears of it at once."
    else:
        service = line(look.manager_service)
        yield "You hear from me as soon as a manager has said how."
        yield f"If that takes long, page one in PagerDuty: {service}."


_UNKNOWN = "Zendesk has no ticket with this number. Next: report it again with the right one."
_REPORT_AGAIN = "If it is not over, report it again: that begins a new record."


def _undecided_for(look: Look) -> str:
    return f"No manager has said how within {look.answer_minutes} minutes."


def _unreached(desk: Desk) -> str:
    if desk.person is None:
        return "I find nobody on call. Whoever of you reads this first says how."
    return f"{mention(desk.person)} is on call, and I cannot reach them by direct message."


def _name(case: Compromise, look: Look) -> str:
    return ticket_link(look.ticket_link, case.ticket) if case.ticket is not None else "a ticket"


def _short(case: Compromise) -> str:
    if case.status == "closed":
        return "closed"
    return _SHORT[case.choice.how] if case.choice is not None else "no manager has said how yet"


_SHORT: Mapping[How, str] = {
    "before": "a manager joins before the call",
    "instead": "a manager takes the call",
    "none": "no manager is needed",
}
_SAID: Mapping[How, str] = {
    "before": "joins before the call",
    "instead": "takes the call instead of the engineer",
    "none": "says that no manager is needed",
}
_NEXT: Mapping[How, str] = {
    "before": "offer the call once they are there.",
    "instead": "leave the call to them.",
    "none": "the engineer may offer the call; the talking points help.",
}


def _said(choice: Choice) -> str:
    return f"{mention(choice.by)} {_SAID[choice.how]}"


def _known(reports: Sequence[Report]) -> Iterator[str]:
    shown = reports[-MOST_REPORTS:]
    yield "*What we know*"
    if len(reports) > len(shown):
        yield f"… {len(reports) - len(shown)} earlier in the record"
    for report in shown:
        text = slack_clip(slack_text(report.summary), (REPORTS - 600) // len(shown))
        yield f"{mention(report.by)}, {moment(report.at)}: {text}"


def _short_advice(look: Look) -> Iterator[str]:
    yield "*Advice, in this order*"
    yield from _numbered(look.advice[:MOST_ADVISED], 180)
    if len(look.advice) > MOST_ADVISED:
        yield "The rest stands under *Talking points*."
    if look.sirt:
        yield line(look.sirt, 200)


def _numbered(advice: Sequence[str], limit: int, first: int = 1) -> Iterator[str]:
    for number, text in enumerate(advice, first):
        yield f"{number}. {line(text, limit)}"


def _record(case: Compromise) -> list[str]:
    """Who was informed when and by whom, who decided what when, what was done; the oldest first."""
    rows = [(desk.informed_at or desk.begun_at, _informed(desk)) for desk in case.desks if desk.is_manager]
    rows += [(one.at, f"{moment(one.at)}: {_said(one)}") for one in case.choices]
    rows += [(one.at, _edited(one)) for one in (case.points,) if one is not None]
    rows += [(run.done_at or run.at, _run(run)) for run in case.runs if run.progress != "stale"]
    if case.closed_at is not None:
        rows.append(
            (case.closed_at, f"{moment(case.closed_at)}: {mention(case.closed_by)} closed this record")
        )
    return [f"• {text}" for _, text in sorted(rows, key=lambda row: row[0])]


def _newest(lines: Sequence[str]) -> Iterator[str]:
    if len(lines) > MOST_RECORDED:
        yield f"… {len(lines) - MOST_RECORDED} earlier lines: the journal has them"
    yield from lines[-MOST_RECORDED:]


def _informed(desk: Desk) -> str:
    who = mention(desk.person) if desk.person is not None else "The managers' channel"
    if desk.person is not None and desk.person == desk.by:
        return f"{moment(desk.begun_at)}: {who} began this"
    if desk.informed_at is None:
        return f":hourglass_flowing_sand: {who}: the message is on its way, not informed yet"
    return f"{moment(desk.informed_at)}: {who} informed, by {mention(desk.by)}"


def _edited(points: Points) -> str:
    return f"{moment(points.at)}: {mention(points.by)} changed the talking points"


def _run(run: Run) -> str:
    how = "to the customer" if run.public else "as a private note"
    if run.progress == "applied":
        return f"{moment(run.done_at)}: the macro is on the ticket, {how}, by {mention(run.by)}"
    if run.progress == "failed":
        return f":warning: {moment(run.at)}: {mention(run.by)} wanted the macro {how}. {_failure(run)}"
    late = " Zendesk has not answered yet; I keep trying." if run.is_late else ""
    return f":hourglass_flowing_sand: {moment(run.at)}: {mention(run.by)} puts the macro on the ticket, {how}.{late}"


def _call_buttons(case: Compromise) -> list[ButtonElement]:
    value = f"{case.id}:{len(case.choices)}"
    style = "primary" if case.choice is None else None
    return [
        button("I join before the call", BEFORE, value, style),
        button("I take the call instead", INSTEAD, value),
        button("No manager needed", NOT_NEEDED, value),
    ]


def _word_buttons(case: Compromise, desk: Desk, look: Look) -> list[ButtonElement]:
    buttons = [button("Talking points", POINTS, case.id)]
    if look.macro:
        buttons.append(button("Compromised Instance macro", MACRO, case.id))
    if desk.is_manager:
        sure = ConfirmObject(
            title="Close this record?",
            text="It stays readable here. Whoever reports the ticket again begins a new one.",
            confirm="Close it",
            deny="Not yet",
        )
        buttons.append(button("Close this record", CLOSE, case.id, sure=sure))
    return buttons


# -- the dialog behind `/star-page compromised`


def report_view(ticket: str = "", summary: str = "") -> dict[str, Any]:
    """Which ticket, and what is known."""
    cut = " It was cut: the record gets what stands here." if len(summary) > LONG_INPUT else None
    return _view(
        REPORT_VIEW,
        "Compromised instance",
        "Record it",
        [
            section(f"Nobody is paged. The manager on call gets a direct message. *{RULE}*"),
            text_input("ticket", "Ticket", "ZD#123456", value=one_line(ticket, 300)),
            text_input(
                "summary",
                "What we know",
                "What the customer saw, since when, which version",
                value=plain(summary),
                multiline=True,
                about=cut,
            ),
        ],
    )


def problem(kind: str) -> str:
    """What is wrong with a field."""
    return _PROBLEMS[kind]


_PROBLEMS = {
    "no_ticket": "Put in the number of the Zendesk ticket, such as ZD#123456.",
    "no_summary": "Put in what is known, in a few words.",
    "no_points": "Put in what to say. To leave them as they are, cancel.",
    "too_long": f"Say it in at most {LONG_INPUT} characters; the rest goes on the ticket.",
    "old": "This dialog is from before. Please open it again from the message.",
}


def looking() -> dict[str, Any]:
    """While Zendesk or the record is asked."""
    return notice(
        "One moment",
        ":hourglass_flowing_sand: I am at it. If this stays for more than ten seconds, close it: my direct message "
        "shows how it stands.",
    )


def on_its_way() -> dict[str, Any]:
    """Right after the command."""
    text = "I am recording it. Nobody is paged; my direct message to you says how it stands."
    return {"response_type": "ephemeral", "text": text}


def no_such_record() -> str:
    """To a button whose record is gone."""
    return (
        "I have no record of this any more. Begin one with `/star-page compromised ZD#123456 what we know`."
    )


# -- talking points


def points_view(
    case: Compromise, look: Look, may_edit: bool, warning: str = "", mine: str = ""
) -> dict[str, Any]:
    """The whole advice, the questions to expect, the talking points. `mine`: what a manager wrote on top of an older
    text, below what it is now."""
    blocks: list[Block] = [section(warning)] if warning else []
    blocks.append(section(f"{_name(case, look)}: *{RULE}*"))
    for first in range(0, len(look.advice), ADVICE_A_BLOCK):
        rows = _numbered(look.advice[first : first + ADVICE_A_BLOCK], 500, first + 1)
        blocks.append(section("\n".join([*(["*Advice, in this order*"] if first == 0 else []), *rows])))
    if look.sirt:
        blocks.append(section(line(look.sirt, 500)))
    for one in look.questions:
        blocks.append(section(f"*{line(one.question, 300)}*\n{slack_clip(slack_text(one.answer), 2000)}"))
    text = points_of(case, look)
    by = f"{_edited(case.points)}." if case.points is not None else ""
    if not may_edit or mine:
        blocks.append(section("\n".join(filter(None, ["*Talking points for the call*", by]))))
        blocks += verbatim(text)
    elif by:
        blocks.append(section(by))
    if not may_edit:
        return valid(View(type="modal", title="Talking points", close="Close", blocks=blocks))
    label = "Yours, to put together with those above" if mine else "Talking points for the call"
    blocks.append(text_input("points", label, "What to say", value=mine or text, multiline=True))
    return _view(
        POINTS_VIEW, "Talking points", "Save", blocks, {"case": case.id, "seen": case.edits, "v": VERSION}
    )


def points_of(case: Compromise, look: Look) -> str:
    """The talking points as they are now."""
    return case.points.text if case.points is not None else look.talking_points


def verbatim(text: str) -> list[SectionBlock]:
    """A text in full, just as it is."""
    whole = plain(text)
    chunks = [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]
    return [SectionBlock(text=PlainTextObject(text=chunk, emoji=False)) for chunk in chunks if chunk.strip()]


# -- the macro


def macro_view(case: Compromise, preview: MacroPreview, look: Look, warning: str = "") -> dict[str, Any]:
    """Just what the macro would do to this ticket, and whether the customer reads it."""
    blocks: list[Block] = [section(warning)] if warning else []
    blocks.append(section("\n".join(_would(case, preview, look))))
    if preview.comment_body:
        blocks += verbatim(preview.comment_body)
        options = [
            (AS_NOTE, "As a private note: only Support reads it"),
            (TO_CUSTOMER, "To the customer, by e-mail, as it stands here"),
        ]
        blocks.append(choice("mode", "Who shall read this text?", options, chosen=AS_NOTE))
    about = {"case": case.id, "seen": applied(case), "shown": fingerprint(preview), "v": VERSION}
    return _view(MACRO_VIEW, "Compromised Instance", "Apply the macro", blocks, about)


def _would(case: Compromise, preview: MacroPreview, look: Look) -> Iterator[str]:
    yield f"Nothing is done yet. On {_name(case, look)} the macro {line(look.macro)} would:"
    for field, value in preview.changes.items():
        yield f"• set {_field(field)}: {line(_value(value), 300)}"
    if preview.tags_added:
        yield f"• add the tags {line(', '.join(preview.tags_added), 300)}"
    if preview.tags_removed:
        yield f"• take off the tags {line(', '.join(preview.tags_removed), 300)}"
    for run in case.runs:
        if run.progress == "applied":
            yield f":warning: Applied before. {_run(run)}."
    yield "• write this text:" if preview.comment_body else "• write no text"


def _field(name: str) -> str:
    return line(name.removesuffix("_id").replace("_", " "))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def no_macro(reason: str, look: Look) -> dict[str, Any]:
    """Why there is nothing to show."""
    return notice("Nothing was done", f"{line(look.macro)}: {_reason(reason)}")


_REASONS: Mapping[str, str] = {
    "macro_missing": "Zendesk has no active macro of that name. The admin sets `macro` under [compromised], or makes "
    "it active.",
    "closed": "The ticket is closed, and takes no macro. Go on in its follow-up ticket.",
    "not_found": "Zendesk has no such ticket any more.",
    "forbidden": "Zendesk does not let me do that: the admin looks at the role of my agent.",
    "unauthorized": "Zendesk does not accept my key: the admin renews it.",
    "too_late": "Zendesk did not take it within an hour, and I stopped trying. Press the button again.",
    "silent": "Zendesk does not answer right now. Try again in a few minutes, or apply the macro in Zendesk.",
}


def _reason(reason: str) -> str:
    return _REASONS.get(
        reason, "Zendesk said no: the admin looks at the log. Apply the macro in Zendesk meanwhile."
    )


def _failure(run: Run) -> str:
    if run.reason == "ours":
        return (
            f"It was not applied: a fault of mine (reference `{run.reference}`), sorry. Apply it in Zendesk."
        )
    return f"It was not applied. {_reason(run.reason)}"


# -- the word to one person


def result(case: Compromise, said: Told, look: Look) -> str:
    """What became of what somebody did."""
    name = _name(case, look)
    if said.what == "no_right":
        return _no_right(case)
    if said.what == "no_such_ticket":
        return f"Zendesk has no ticket ZD#{case.ticket}. Nobody was informed: look at the number, and report it again."
    if said.what in ("recorded", "joined"):
        return _recorded(case, said, look)
    if said.what in ("too_late", "decided", "replaced"):
        return _decision(case, said, look)
    if said.what == "undecided":
        return _undecided(case, said, look)
    if said.what in ("closed", "over"):
        return _closed(case, said, look)
    if said.what == "saved":
        return f"{name}: the talking points are saved, and the messages say by whom."
    if said.what == "changed_meanwhile":
        mine = slack_clip(slack_text(said.text), SECTION)
        return (
            f"{name}: {_meanwhile(case)} Open *Talking points* again to put both together. You wrote: {mine}"
        )
    return _of_macro(case, said, look)


def _no_right(case: Compromise) -> str:
    if case.status == "refused":
        return (
            "Only Support Managers and engineers on call can report a compromised instance. Nobody was informed: "
            "tell the manager on call."
        )
    return (
        "Only Support Managers can do that; whoever reported it may open the talking points and the macro. Nothing was "
        "changed: ask a manager on call."
    )


def _recorded(case: Compromise, said: Told, look: Look) -> str:
    asked = [desk for desk in case.desks if desk.is_manager]
    is_manager = any(desk.person is not None and desk.person.slack == said.user for desk in asked)
    names = ", ".join(mention(one.person) if one.person else "the managers' channel" for one in asked[:5])
    head = f"{_name(case, look)} is recorded, and nobody was paged."
    if said.what == "joined":
        first = case.reports[0].by
        head = f"{_name(case, look)} was reported before, by {mention(first)}: your words are in the same record now."
    if case.choice is not None:
        return f"{head} {_said(case.choice)}: {_NEXT[case.choice.how]}"
    if is_manager:
        return f"{head} Say how the call shall go: the buttons are on my direct message."
    return f"{head} I inform {names}. {RULE}"


def _decision(case: Compromise, said: Told, look: Look) -> str:
    name = _name(case, look)
    if case.choice is None:
        return f"{name}: {RULE}"
    now = f"{_said(case.choice)}, since {moment(case.choice.at)}"
    if said.what == "too_late":
        return (
            f"{name} was decided already: {now}. Nothing was changed; to replace it, press again on my message as it "
            "is now."
        )
    if said.what == "replaced":
        return f"{name}: what you said was replaced. {now}. The record keeps both."
    return f"{name}: {now}. Next: {_NEXT[case.choice.how]}"


def _undecided(case: Compromise, said: Told, look: Look) -> str:
    """To the managers on call and their channel, and to whoever reported it."""
    name = _name(case, look)
    if case.status == "closed":
        return _closed(case, Told(user=said.user, what="closed"), look)
    if case.choice is not None:
        return f"{name}: {_said(case.choice)}. Next: {_NEXT[case.choice.how]}"
    head = f"{name}: {_undecided_for(look)[:1].lower()}{_undecided_for(look)[1:]}"
    if not said.user:
        group = group_mention(look.fallback_group, look.fallback_name)
        return (
            f"{group}: {head} Next: whoever of you reads this first presses a button on my message about it."
        )
    is_manager = any(one.is_manager and reached_directly(one) == said.user for one in case.desks)
    if is_manager:
        return f"{head} Next: press a button on my message about it."
    return f"{head} Next: page one in PagerDuty: {line(look.manager_service)}."


def _closed(case: Compromise, said: Told, look: Look) -> str:
    name, who = _name(case, look), mention(case.closed_by)
    if said.what == "closed":
        return f"{name}: {who} closed the record of the compromised instance. {_REPORT_AGAIN}"
    mine = f" You wrote: {slack_clip(slack_text(said.text), SECTION)}" if said.text else ""
    return f"{name}: the record was closed by {who}, and nothing was changed. {_REPORT_AGAIN}{mine}"


def over(case: Compromise, look: Look) -> str:
    """To a button of a record that is closed."""
    return _closed(case, Told(user="", what="over"), look)


def _meanwhile(case: Compromise) -> str:
    who = mention(case.points.by) if case.points is not None else "Somebody"
    return f":warning: {who} changed the talking points meanwhile, so yours are *not saved*."


def _of_macro(case: Compromise, said: Told, look: Look) -> str:
    name, run = _name(case, look), case.runs[said.run] if said.run < len(case.runs) else None
    if said.what == "stale":
        return f"{name}: {_STALE} Press the button again to read it."
    if run is None:
        return f"{name}: nothing was done."
    how = "went to the customer" if run.public else "is on the ticket as a private note"
    if said.what == "under_way":
        return f"{name}: {mention(run.by)} is applying the macro just now. Nothing more was done."
    if said.what == "applied_meanwhile":
        return f"{name}: the macro was applied while you read. {_run(run)}. Nothing more was done."
    if said.what == "delayed":
        return (
            f"{name}: Zendesk has not answered yet. I keep trying for an hour, it is never applied twice, and my "
            "direct message says how it ends."
        )
    if said.what == "failed":
        return f"{name}: {_failure(run)}"
    return f"{name}: the macro {how}. Next: see on the ticket that it says what it should."


_STALE = "Nothing was applied: by now the macro would do something else than you read."


def result_view(case: Compromise, said: Told, look: Look) -> dict[str, Any]:
    """The same in the dialog that waits for it; where there is something to read again, that."""
    if said.what == "changed_meanwhile":
        return points_view(case, look, True, f"{_meanwhile(case)} This is how they are now:", said.text)
    if said.what == "stale" and said.preview is not None:
        return macro_view(case, said.preview, look, f":warning: {_STALE} Please read it anew.")
    return notice("Compromised instance", result(case, said, look))


# -- building blocks


def _section(text: str) -> SectionBlock:
    return section(text, SECTION)


def _view(
    callback: str,
    name: str,
    submit: str,
    blocks: Sequence[Block],
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return valid(
        View(
            type="modal",
            callback_id=callback,
            private_metadata=json.dumps(about or {}),
            title=name,
            submit=submit,
            close="Cancel",
            blocks=blocks,
        )
    )
