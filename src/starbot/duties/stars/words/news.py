"""What is said aloud because somebody should hear of it now: lines in the thread, direct messages to the initiator.
Pure.
"""

from collections.abc import Callable, Mapping

from slack_sdk.models.blocks import ActionsBlock, Block

from starbot.blocks import button, line, mention, message, moment, section
from starbot.core.case import Document
from starbot.core.text import slack_clip, slack_text
from starbot.duties.stars.model import Line, News, Star
from starbot.duties.stars.words.card import ADD_FACTS, WITHDRAW
from starbot.duties.stars.words.parts import ANSWER_LIMIT, Look, fallback, thread_link, twin_sentence

# -- lines in the thread


def thread_line(star: Star, number: int, look: Look) -> Document:
    """One line in the STAR's thread; it mentions whom it is for."""
    said = star.lines[number]
    text = _unacknowledged(star, look) if said.kind == "unacknowledged" else _LINES[said.kind](star, said)
    return message(text, [section(text)])


def _initiator(star: Star) -> str:
    if star.form.initiator:
        return f"<@{star.form.initiator}>"
    return line(star.form.initiator_raw) or "To whoever filed this"


def _manager(star: Star) -> str:
    """Whoever looks, else whoever is on call; "" where nobody is known."""
    looking = (
        [star.acknowledged.by] if star.acknowledged else list(star.oncall.managers if star.oncall else ())
    )
    return " ".join(mention(person) for person in looking)


def _quoted(text: str) -> str:
    return slack_clip(slack_text(text), ANSWER_LIMIT)


def _asked(star: Star, said: Line) -> str:
    how = "Please" if star.form.initiator else "Please press *That's me* on the card first, then"
    return (
        f"{_initiator(star)}: {mention(said.by)} asks: {_quoted(said.text)}\n{how} answer here in the thread."
    )


def _to_manager(star: Star) -> str:
    manager = _manager(star)
    return f"{manager}: " if manager else ""


def _answered(star: Star, said: Line) -> str:
    return f"{_to_manager(star)}{mention(said.by)} answered: {_quoted(said.text)}"


def _fact(star: Star, said: Line) -> str:
    return f"{_to_manager(star)}{mention(said.by)} adds: {_quoted(said.text)}"


def _repeated(star: Star, said: Line) -> str:
    return f"{_to_manager(star)}{mention(said.by)} filed a STAR for this ticket too: {_quoted(said.text)}"


def _unstarred(star: Star, said: Line) -> str:
    return f"{_initiator(star)}: {_why_unstarred(star, 'say so here')}"


def _why_unstarred(star: Star, how: str) -> str:
    no = star.unstarring
    if no is None:
        return "This STAR was unstarred, and is open again."
    words = f" {_quoted(no.text)}" if no.text else ""
    return (
        f"Thank you for the STAR. {mention(no.by)} looked at it, and it does not fit: {line(no.reason)}.{words}\n"
        f"*Instead:* {_quoted(no.alternative)}\nIf that does not work for you, {how}."
    )


def _withdrawn(star: Star, said: Line) -> str:
    why = f": {_quoted(said.text)}" if said.text else "."
    return f"{_to_manager(star)}{mention(said.by)} withdrew this STAR{why}"


def _reopened(star: Star, said: Line) -> str:
    return f"{mention(said.by)} opened this STAR again: {_quoted(said.text)}"


def _unacknowledged(star: Star, look: Look) -> str:
    """Said once: whoever is on call may be asleep, and the group is there for that."""
    if not star.may_page:
        return "For a while nobody had acknowledged this STAR. The card says how it stands now."
    on_call = " ".join(mention(person) for person in (star.oncall.managers if star.oncall else ()))
    return (
        f"{fallback(look)}{f' {on_call}' if on_call else ''}: nobody has acknowledged this STAR yet, since "
        f"{moment(star.waits_since)}. Whoever can look, please add :{look.acknowledge_emoji}: to it. If nobody can, "
        "*Page the manager on call* on the card asks first and then pages."
    )


_LINES: Mapping[str, Callable[[Star, Line], str]] = {
    "asked": _asked,
    "answered": _answered,
    "fact": _fact,
    "repeated": _repeated,
    "unstarred": _unstarred,
    "withdrawn": _withdrawn,
    "reopened": _reopened,
}

# -- direct messages to the initiator


def news(star: Star, number: int, look: Look) -> Document:
    """One word to the initiator, with what they can do now."""
    told = star.news[number]
    text = _NEWS[told.kind](star, told, look)
    blocks: list[Block] = [section(text)]
    if told.kind in ("filed", "asked") and not star.is_closed:
        buttons = [button("Add facts", ADD_FACTS, star.id), button("Withdraw", WITHDRAW, star.id)]
        blocks.append(ActionsBlock(block_id="star_news", elements=buttons))
    return message(text, blocks)


def _name(star: Star, look: Look) -> str:
    link = thread_link(star, look)
    name = f"STAR for #{star.form.ticket}" if star.form.ticket else "STAR"
    return f"<{link}|{name}>" if link else name


def _news_filed(star: Star, told: News, look: Look) -> str:
    by = f" by {moment(star.deadline)}" if star.deadline else ""
    return f"Your {_name(star, look)} is filed. A Support Manager looks at it{by}."


def _news_acknowledged(star: Star, told: News, look: Look) -> str:
    return f"{mention(told.by) if told.by else 'A manager'} is looking at your {_name(star, look)}."


def _news_resolved(star: Star, told: News, look: Look) -> str:
    who = mention(told.by) if told.by else "A manager"
    step = f" Next step: {_quoted(told.text)}" if told.text else " The next step is under way."
    ending = star.resolution
    owner = f"\nOwner: {line(ending.owner)}" if ending and ending.owner else ""
    hears = f"\nThe customer hears: {line(ending.customer_hears)}" if ending and ending.customer_hears else ""
    return f"{who} resolved your {_name(star, look)}.{step}{owner}{hears}"


def _news_unstarred(star: Star, told: News, look: Look) -> str:
    """Nobody reads below the message, so the way goes to the manager."""
    how = f"write to {mention(told.by)}" if told.by else "file a new one that says why"
    return f"About your {_name(star, look)}: {_why_unstarred(star, how)}"


def _news_asked(star: Star, told: News, look: Look) -> str:
    who = mention(told.by) if told.by else "A manager"
    return f"{who} asks about your {_name(star, look)}: {_quoted(told.text)}\nAnswer here below this message."


def _news_linked(star: Star, told: News, look: Look) -> str:
    return f"{twin_sentence(star, look)} The Support Managers know of it. Add there what is new."


_NEWS: Mapping[str, Callable[[Star, News, Look], str]] = {
    "filed": _news_filed,
    "acknowledged": _news_acknowledged,
    "resolved": _news_resolved,
    "unstarred": _news_unstarred,
    "asked": _news_asked,
    "linked": _news_linked,
}
