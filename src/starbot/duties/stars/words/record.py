"""What stays when Slack forgets: the issue and its notes in GitLab, the internal notes on the ticket. Pure."""

from collections.abc import Mapping

from starbot.blocks import clock, permalink
from starbot.core.case import Document
from starbot.core.text import (
    gitlab_block,
    gitlab_mention,
    gitlab_text,
    gitlab_title,
    one_line,
    zendesk_text,
)
from starbot.duties.stars.model import Remark, Star
from starbot.duties.stars.words.dialogs import AGREED, VERDICTS
from starbot.duties.stars.words.parts import (
    ISSUE_TEXT_LIMIT,
    NOTE_LIMIT,
    Look,
    customer_of,
    named,
    thread_link,
    ticket_address,
)


def issue(star: Star, look: Look) -> Document | None:
    """The fields of the STAR issue; None until we know whom to assign and what the ticket says, or that
    Zendesk does not say it now."""
    has_asked = star.ticket is not None or star.trouble("read_ticket") is not None
    if not star.is_readable or star.oncall is None:
        return None
    if star.issue is None and (star.linked_to or star.ticket_problem or not has_asked):
        return None
    values = {
        "ticket": str(star.form.ticket),
        "customer": customer_of(star) or "unknown customer",
        "urgency": star.form.urgency or "",
        "subject": star.ticket.subject if star.ticket else "",
    }
    described = {name: gitlab_text(one_line(value, 300)) for name, value in values.items()}
    return {
        "title": gitlab_title(_fill(look.issue_title, values)),
        "description": _fill(look.issue_description, {**described, **_description_parts(star, look)}).strip(),
        "labels": _labels(star, look),
        "category": star.triage.category if star.triage else "",
        "assignee": _assignee(star),
        "state": "closed" if star.is_ended or star.linked_to else "opened",
    }


def _labels(star: Star, look: Look) -> list[str]:
    """The labels that the bot puts on the issue; of a scope only one, and a manager's choice goes first."""
    category = star.triage.category if star.triage else ""
    scope = category.rpartition("::")[0]
    chosen = [one for one in look.issue_labels if not (scope and one.rpartition("::")[0] == scope)]
    chosen += [category] if category else []
    return list(dict.fromkeys([*chosen, *([look.unstarred_label] if star.unstarring else [])]))


def labels_so_far(star: Star, look: Look) -> list[str]:
    """Every label that the bot may have put on the issue at some time."""
    labels = [said.triage.category for said in star.remarks if said.kind == "triaged" and said.triage]
    labels += [look.unstarred_label] if any(said.unstarring for said in star.remarks) else []
    return [*look.issue_labels, *filter(None, labels)]


def _description_parts(star: Star, look: Look) -> dict[str, str]:
    form = star.form
    rows = [
        ("Ticket", ticket_address(star, look)),
        ("Slack thread", permalink(look.team_url, star.root) if star.root else ""),
        ("Urgency", f"{gitlab_text(form.urgency or '')}, reply by {clock(star.deadline, date=True)}"),
        ("Customer", gitlab_text(one_line(customer_of(star), 300))),
        ("Plan", gitlab_text(one_line(form.plan or (star.ticket and star.ticket.plan) or "", 300))),
        ("Product", gitlab_text(one_line(form.product or (star.ticket and star.ticket.product) or "", 300))),
        ("Group", gitlab_text(one_line(form.group or "", 300))),
        ("Subject", gitlab_text(one_line(star.ticket.subject, 300)) if star.ticket else ""),
        ("Priority", gitlab_text(star.ticket.priority or "") if star.ticket else ""),
        ("Licence", "" if form.is_license is None else ("yes" if form.is_license else "no")),
        ("Filed by", gitlab_text(one_line(star.initiator or form.initiator_raw, 300))),
        ("Region at filing", gitlab_text(star.region)),
        ("Filed", clock(star.filed_at, date=True)),
        ("STAR before", _previous(star, look)),
    ]
    table = "\n".join(["| | |", "|-|-|", *(f"| {name} | {value} |" for name, value in rows if value)])
    return {
        "facts": table,
        "reason": gitlab_block((form.reason or "not said")[:ISSUE_TEXT_LIMIT]),
        "desired_result": gitlab_block((form.desired_result or "not said")[:ISSUE_TEXT_LIMIT]),
    }


def _previous(star: Star, look: Look) -> str:
    before = star.previous
    if before is None:
        return ""
    return before.issue_url or (permalink(look.team_url, before.root) if before.root else before.case_id)


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Replaces {name}s in one pass, so that a value that looks like a {name} stays as it is."""
    parts: list[str] = []
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        name, closing, tail = after.partition("}")
        if brace and closing and name in values:
            parts.append(values[name])
            rest = tail
        else:
            parts.append(brace)
            rest = after
    return "".join(parts)


def _assignee(star: Star) -> str | None:
    """The GitLab name of whoever looks, else of the first on call who has one."""
    looking = [star.acknowledged.by] if star.acknowledged else []
    oncall = star.oncall.managers if star.oncall else ()
    return next((person.gitlab for person in (*looking, *oncall) if person.gitlab), None)


def remark(star: Star, number: int, look: Look) -> str:
    """One note on the issue."""
    return _REMARKS[star.remarks[number].kind](star, star.remarks[number], look)


def _thread_remark(star: Star, said: Remark, look: Look) -> str:
    return f"Discussion of this STAR in Slack: {thread_link(star, look)}"


def _acknowledged_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} is looking at this STAR."


def _disposition_remark(star: Star, said: Remark, look: Look) -> str:
    lines = [
        f"**Final disposition.** {named(said.by)} resolved this STAR: the right next step is known and under way."
    ]
    ending = star.resolution
    is_told = ending is not None and not ending.asked
    for name, text in (
        # What was told later has a note of its own.
        ("Next step", ending.next_step if ending and is_told else ""),
        ("Owner", ending.owner if ending else ""),
        ("The customer hears", ending.customer_hears if ending else ""),
    ):
        if text:
            lines += ["", f"{name}:", "", gitlab_block(text[:NOTE_LIMIT])]
    if not is_told:
        lines += ["", f"It was closed without a word on the next step. {_known(star)}"]
    return "\n".join(lines)


def _known(star: Star) -> str:
    owner = star.ticket.assignee_name if star.ticket else None
    if owner:
        return (
            f"The ticket was assigned to {gitlab_text(owner)} when the STAR was filed; the next step follows when "
            "it is told."
        )
    return "The next step follows when it is told."


def _sentence_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} on the next step:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _undone_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} took the resolution back: this STAR is open again."


def _triaged_remark(star: Star, said: Remark, look: Look) -> str:
    return _triage(said, f"{named(said.by)} triaged this STAR.")


def _triaged_late_remark(star: Star, said: Remark, look: Look) -> str:
    return _triage(
        said, f"{named(said.by)} triaged this STAR too, a moment later; what was said first stands."
    )


def _triage(said: Remark, title: str) -> str:
    triage = said.triage
    lines = [title]
    if triage is not None and triage.decision:
        lines.append(f"Decision: {VERDICTS[triage.decision]}.")
    if triage is not None and triage.category:
        lines.append(f"Category: {gitlab_text(triage.category)}.")
    if triage is not None and triage.dri is not None:
        lines.append(f"DRI: {named(triage.dri)}.")
    text = " ".join(lines)
    if triage is not None and triage.next_step:
        text += f"\n\nNext step:\n\n{gitlab_block(triage.next_step[:NOTE_LIMIT])}"
    return text


def _asked_remark(star: Star, said: Remark, look: Look) -> str:
    """The one place where we mention somebody in GitLab: so that the question reaches the initiator."""
    whom = (
        gitlab_mention(star.initiator_gitlab) or gitlab_text(one_line(star.initiator, 100)) or "the initiator"
    )
    return f"{whom}, {named(said.by)} asks:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _answered_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} answered:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _fact_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} adds:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _repeated_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} filed a STAR for this ticket too:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _unstarred_remark(star: Star, said: Remark, look: Look) -> str:
    no = said.unstarring
    assert no is not None, "unstarred without a reason"
    parts = [
        f"**Unstarred.** {named(said.by)} decided that this STAR does not qualify: {gitlab_text(no.reason)}.",
        *([gitlab_block(no.text[:NOTE_LIMIT])] if no.text else []),
        "Instead:",
        gitlab_block(no.alternative[:NOTE_LIMIT]),
        f"The initiator agreed: {AGREED[no.agreed].lower()}.",
    ]
    return "\n\n".join(parts)


def _withdrawn_remark(star: Star, said: Remark, look: Look) -> str:
    why = f":\n\n{gitlab_block(said.text[:NOTE_LIMIT])}" if said.text else "."
    return f"{named(said.by)} withdrew this STAR{why}"


def _reopened_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{named(said.by)} opened this STAR again:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _public_remark(star: Star, said: Remark, look: Look) -> str:
    return (
        f"{named(said.by)} sent this to the customer on the ticket:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"
    )


_REMARKS = {
    "thread": _thread_remark,
    "acknowledged": _acknowledged_remark,
    "triaged": _triaged_remark,
    "triaged_late": _triaged_late_remark,
    "asked": _asked_remark,
    "answered": _answered_remark,
    "fact": _fact_remark,
    "repeated": _repeated_remark,
    "unstarred": _unstarred_remark,
    "withdrawn": _withdrawn_remark,
    "reopened": _reopened_remark,
    "disposition": _disposition_remark,
    "sentence": _sentence_remark,
    "undone": _undone_remark,
    "public": _public_remark,
}


# -- the ticket in Zendesk


def ticket_note(star: Star, look: Look) -> str:
    """The internal note with both links."""
    assert star.issue is not None and star.card is not None, "a note needs both links"
    return (
        f"A STAR (request for attention) was filed for this ticket, urgency {zendesk_text(star.form.urgency or '')}.\n"
        f"STAR issue: {star.issue.url}\n"
        f"Slack thread: {permalink(look.team_url, star.card)}"
    )


def macro_comment(star: Star, look: Look, body: str | None, note_has_links: bool) -> str | None:
    """The macro's text with its blanks filled. Where the note has said the links, lines that hold a blank are
    left out, so that nothing is said twice. None where nothing is left to say."""
    if body is None:
        return None
    blanks = (*look.issue_blanks, *look.thread_blanks)
    lines = [
        line for line in body.splitlines() if not (note_has_links and any(blank in line for blank in blanks))
    ]
    text = "\n".join(lines).strip()
    for blank in look.issue_blanks:
        text = text.replace(blank, star.issue.url if star.issue else "(the STAR issue follows)")
    for blank in look.thread_blanks:
        text = text.replace(blank, thread_link(star, look) or "(the Slack thread follows)")
    return text or None
