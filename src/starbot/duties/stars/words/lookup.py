"""What `/star list`, `/star show` and `/star help` answer, to one person. Pure."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock

from starbot.blocks import SECTION_LIMIT, clock, line, mention, message, moment, mrkdwn, section
from starbot.core.text import slack_clip, slack_text
from starbot.duties.stars.model import Star
from starbot.duties.stars.words.dialogs import file_button
from starbot.duties.stars.words.history import Line, blanked
from starbot.duties.stars.words.parts import Look, customer_of, thread_link, ticket_address

PAGE = 20
MOST_MOMENTS = 30
MOMENT_LIMIT = 400

Answer = dict[str, Any]


def _only_you(text: str, blocks: list[Block]) -> Answer:
    return {"response_type": "ephemeral", **message(text, blocks)}


_STATES = {
    "incomplete": "needs something from the initiator",
    "submitted": "filed",
    "announced": "nobody looks yet",
    "acknowledged": "{who} is looking",
    "waiting_on_initiator": "{who} waits for the initiator",
    "resolved": "resolved",
    "unstarred": "unstarred",
    "withdrawn": "withdrawn",
    "linked": "follows another STAR",
}


def state_of(star: Star) -> str:
    """In a few words, where a STAR stands."""
    who = mention(star.acknowledged.by) if star.acknowledged else "somebody"
    return _STATES[star.status].format(who=who)


def listed(stars: Sequence[Star], page: int, total: int, is_manager: bool, look: Look) -> Answer:
    """`/star list`: the open STARs of this page, by deadline."""
    whose = "open STARs" if is_manager else "open STARs of yours"
    if not total:
        text = f"There are no {whose}. File one with `/star`."
        return _only_you(text, [section(text), ActionsBlock(block_id="star_list", elements=[file_button()])])
    text = f"{total} {whose if total != 1 else whose.replace('STARs', 'STAR')}, the next deadline first."
    pages = -(-total // PAGE)
    blocks: list[Block] = [section(f"*{text}*"), *(section(_row(star, look)) for star in stars)]
    if pages > 1:
        following = f" Next: `/star list {page + 1}`." if page < pages else ""
        blocks.append(ContextBlock(elements=[mrkdwn(f"Page {page} of {pages}.{following}")]))
    return _only_you(text, blocks)


def _row(star: Star, look: Look) -> str:
    link = thread_link(star, look)
    name = f"#{star.form.ticket}" if star.form.ticket else "a form that cannot be read"
    parts = [
        f"{moment(star.deadline)}" if star.deadline else "no deadline",
        f"*<{link}|{name}>*" if link else f"*{name}*",
        slack_text(star.form.urgency or ""),
        line(customer_of(star), 60),
        state_of(star),
    ]
    return " · ".join(part for part in parts if part)


def shown(star: Star, others: Sequence[Star], moments: Sequence[Line], look: Look) -> Answer:
    """`/star show`: one STAR in full, and links to earlier ones for the ticket."""
    title = f"STAR for #{star.form.ticket}: " if star.form.ticket else "STAR: "
    blocks: list[Block] = [
        section(f"*{title}{state_of(star)}*\n{_facts(star)}"),
        section(_links(star, look)),
        section(f"*What happened*\n{_time_line(moments)}"),
    ]
    if others:
        blocks.append(section(f"*Other STARs for the ticket*\n{_others(others, look)}"))
    return _only_you(f"{title}{state_of(star)}", blocks)


def _facts(star: Star) -> str:
    triage = star.triage
    facts = [
        blanked(star),
        f"Urgency: {slack_text(star.form.urgency or 'not said')}, reply by {moment(star.deadline)}"
        if star.deadline
        else "",
        f"Customer: {line(customer_of(star))}" if customer_of(star) else "",
        f"Category: {line(triage.category)}" if triage and triage.category else "",
        f"DRI: {mention(triage.dri)}" if triage and triage.dri else "",
        f"Waiting for an answer to: {line(star.waiting.text, 300)}" if star.waiting else "",
        f"Next step: {line(_next_step(star), 600)}" if _next_step(star) else "",
        f"Missing: {len(star.troubles)} thing(s), see the card" if star.troubles else "",
    ]
    return "\n".join(fact for fact in facts if fact)


def _next_step(star: Star) -> str:
    if star.resolution is not None:
        return star.resolution.next_step
    if star.unstarring is not None:
        return star.unstarring.alternative
    return star.triage.next_step if star.triage else ""


def _links(star: Star, look: Look) -> str:
    link = thread_link(star, look)
    links = [f"<{link}|Thread>"] if link else []
    if star.issue is not None:
        links.append(f"<{star.issue.url}|Issue #{star.issue.iid}>")
    if star.form.ticket:
        links.append(f"<{ticket_address(star, look)}|Ticket>")
    return " · ".join(links) or "No links yet."


def _time_line(moments: Sequence[Line]) -> str:
    """The newest, as many as Slack takes: how it stands is at the end."""
    lines: list[str] = []
    left = SECTION_LIMIT - 200
    for one in reversed(moments[-MOST_MOMENTS:]):
        said = f"{clock(one.at, date=True)}  {slack_clip(slack_text(one.sentence), MOMENT_LIMIT)}"
        left -= len(said) + 1
        if left < 0:
            break
        lines.insert(0, said)
    if len(moments) > len(lines):
        lines.insert(0, f"(the newest {len(lines)} of {len(moments)})")
    return "\n".join(lines) or "Nothing yet."


def _others(others: Sequence[Star], look: Look) -> str:
    rows = []
    for star in others[:10]:
        link = thread_link(star, look)
        filed = clock(star.filed_at, date=True)
        rows.append(f"• {f'<{link}|{filed}>' if link else filed}: {state_of(star)}")
    return "\n".join(rows)


def none_about(ticket: int, is_manager: bool) -> Answer:
    """There is no STAR for this ticket that this person may see."""
    whose, which = ("", "the open ones") if is_manager else (" of yours", "yours")
    text = (
        f"I know of no STAR{whose} for #{ticket}. Look at {which} with `/star list`, or file one with "
        f"`/star {ticket}`."
    )
    return _only_you(text, [section(text)])


def which_ticket(said: str) -> Answer:
    """What was written behind `/star show` names no ticket."""
    seen = f"I find no ticket number in “{line(said, 80)}”. " if said.strip() else ""
    text = f"{seen}Write `/star show 123456`, with the number of the ticket."
    return _only_you(text, [section(text)])


def helped(unknown: str, is_manager: bool, look: Look) -> Answer:
    """`/star help`, and the answer to what is no command."""
    head = f"I do not know `/star {line(unknown, 60)}`. " if unknown else ""
    rows = [
        "`/star` or `/star 123456`: file a STAR, or use the shortcut *File a STAR about this* on a message",
        f"`/star list`: {'the open STARs' if is_manager else 'your open STARs'}, the next deadline first",
        "`/star show 123456`: where a STAR stands, and what happened",
        "`/star emergencies`: the open customer emergencies, for managers and engineers on call",
        "`/star help`: this",
    ]
    how = f"\n<{look.how_to_star}|When to file a STAR>" if look.how_to_star else ""
    text = f"{head}This is what I do:"
    return _only_you(text, [section("\n".join([text, *(f"• {row}" for row in rows)]) + how)])


def strangers() -> Answer:
    """To somebody of another workspace."""
    text = "STARs are for members of this workspace. Please ask your contact at GitLab."
    return _only_you(text, [section(text)])


def cannot_look() -> Answer:
    """The books cannot be read right now."""
    text = "I cannot look that up right now. Nothing is lost; please try again in a minute."
    return _only_you(text, [section(text)])
