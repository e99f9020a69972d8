"""The STAR form as Workflow Builder posts it in the channel, read into a typed `Form`.

A post is known by who made it, else by its labels; each answer reaches from its label to the next one. What
cannot be understood is a `FormProblem` beside the answers, never an exception: no STAR is dropped.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from starbot.core.facts import Fact
from starbot.core.text import from_slack, plain, slack_entities

Field = Literal[
    "ticket", "urgency", "customer", "plan", "product", "group", "reason", "desired_result", "initiator"
]
ProblemKind = Literal[
    "no_ticket",
    "ticket_not_applicable",
    "ticket_is_email",
    "ticket_is_salesforce",
    "ticket_unreadable",
    "several_tickets",
    "no_urgency",
    "unknown_urgency",
]


@dataclass(frozen=True)
class FormMessage:
    """What is read of a Slack message. Posts of Workflow Builder have a bot and a workflow, and no user."""

    text: str = ""
    blocks: Sequence[Mapping[str, Any]] = ()
    bot_id: str | None = None
    workflow_id: str | None = None
    username: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class FormLabels:
    """How the form labels each answer; capitals, punctuation and what stands in brackets do not count.

    `sources` are the ids of workflows or bots whose posts are forms whatever they hold, `contact_notices`
    regular expressions of notices that are none.
    """

    ticket: tuple[str, ...]
    urgency: tuple[str, ...]
    customer: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    desired_result: tuple[str, ...] = ()
    initiator: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    contact_notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class UrgencyLevel:
    """A level of urgency, the minutes within which Support promises a reply, and its other names."""

    name: str
    minutes: int
    aliases: tuple[str, ...] = ()


class FormProblem(Fact):
    """Why an answer cannot be used, and what stood there."""

    kind: ProblemKind
    field: Field
    seen: str


class Form(Fact):
    """The answers as plain text, whole and stripped; "" where there is none."""

    ticket: int | None
    ticket_raw: str
    urgency: str | None  # the level's name
    urgency_raw: str
    customer: str
    plan: str
    product: str
    group: str
    reason: str
    desired_result: str
    initiator: str | None  # a Slack user id
    initiator_raw: str
    is_license: bool | None  # None where the form does not tell the product
    problems: tuple[FormProblem, ...]


class Draft(Fact):
    """What somebody has written into the form's dialog so far, or a form post that could not be read."""

    ticket: str = ""
    urgency: str = ""
    customer: str = ""
    plan: str = ""
    product: str = ""
    group: str = ""
    reason: str = ""
    desired_result: str = ""


@dataclass(frozen=True)
class NotAForm:
    """A message to leave alone, and why."""

    reason: Literal["written_by_a_person", "contact_notice", "no_labels"]


def read_form(message: FormMessage, labels: FormLabels, urgencies: Sequence[UrgencyLevel]) -> Form | NotAForm:
    """Read a message of the STAR channel. Whatever it holds, this does not fail."""
    is_source = bool({message.bot_id, message.workflow_id} & set(labels.sources))
    if not is_source and (message.user or not (message.bot_id or message.workflow_id)):
        return NotAForm("written_by_a_person")
    post = _read_post(message, _fields_by_label(labels))
    if any(re.search(notice, post.preamble, re.IGNORECASE) for notice in labels.contact_notices):
        return NotAForm("contact_notice")
    if not is_source and not (post.answers.keys() & {"ticket", "urgency"} and len(post.answers) > 1):
        return NotAForm("no_labels")
    return _read_answers(post.answers, urgencies)


def form_of(draft: Draft, initiator: str, urgencies: Sequence[UrgencyLevel]) -> Form:
    """The form that somebody (a Slack user id) filled in themselves. Whatever it holds, this does not fail."""
    told: dict[Field, str] = {field: plain(getattr(draft, field, "")).strip() for field in get_args(Field)}
    return _form(told, initiator or None, urgencies)


def draft_of(form: Form) -> Draft:
    """The answers of a form, to begin a dialog with."""
    return Draft(
        ticket=form.ticket_raw,
        urgency=form.urgency or "",
        customer=form.customer,
        plan=form.plan,
        product=form.product,
        group=form.group,
        reason=form.reason,
        desired_result=form.desired_result,
    )


def ticket_in(text: str) -> str:
    """The number of the one ticket that a message in Slack's markup names; "" where it names none or several."""
    ticket = _read_ticket(from_slack(text, {}))
    return str(ticket) if isinstance(ticket, int) else ""


# Finding the answers

_BOLD = "\x02"  # stands for bold in rich text; no text can hold it, `plain` takes it out
_DECORATION = re.compile(
    r"(?:\s|[•◦–—-]|\d{1,2}[.)]\s|:[a-z0-9_+'-]{1,60}:|[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff])*",
    re.IGNORECASE,
)
_STYLE_SIGNS = "*_~`" + _BOLD
_STYLED_LABEL = re.compile(
    rf"[{_STYLE_SIGNS}]{{1,3}}([^{_STYLE_SIGNS}]{{1,120}})[{_STYLE_SIGNS}]{{1,3}}\s*[:：]?(.*)"
)
_COLON_LABEL = re.compile(r"([^:：]{1,120})[:：](.*)")
_QUOTED = "&gt;"
_EMOJI_CODE = re.compile(":[a-z0-9_+'-]{1,60}:", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\W_]+")
_ENOUGH_LABELS = 3
_DEPTH = 6


class _Label(NamedTuple):
    """A label found on a line, how it is set apart, and what follows it there."""

    field: Field
    style: tuple[bool, str]
    rest: str


@dataclass(frozen=True)
class _Post:
    """What stands above the first label, and the answers as Slack's markup."""

    preamble: str
    answers: Mapping[Field, str]

    def fullness(self) -> tuple[int, int]:
        """How many labels it has, and how many of them are answered."""
        return len(self.answers), sum(map(bool, self.answers.values()))


def _fields_by_label(labels: FormLabels) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for field in get_args(Field):
        for alias in getattr(labels, field):
            fields.setdefault(_label_key(alias), field)
    return fields


def _label_key(text: str) -> str:
    return _words(_IN_BRACKETS.sub(" ", from_slack(text, {})))


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _read_post(message: FormMessage, fields: Mapping[str, Field]) -> _Post:
    """The blocks or the text, whichever answers more: Slack sends a form as one, the other or both."""
    both: list[list[str | None]] = [list(_block_lines(message.blocks)), list(_lines(message.text))]
    posts = [_split(lines, fields) for lines in both if any(lines)]
    return max(posts, key=_Post.fullness, default=_Post("", {}))


def _split(lines: list[str | None], fields: Mapping[str, Field]) -> _Post:
    """Each answer reaches to the next label, or to None once it has begun; the first of a field counts."""
    labels = _of_the_form([_label_on(line, fields) if line else None for line in lines])
    preamble: list[str] = []
    answers: dict[Field, list[str]] = {}
    current = preamble
    for line, label in zip(lines, labels, strict=True):
        if label and label.field not in answers:
            current = answers[label.field] = [label.rest]
        elif line is not None:
            current.append(line)
        elif answers and any(part.strip() for part in current):
            current = []
    if sum(label.field == "initiator" for label in labels if label) > 1:
        answers["initiator"] = []  # one of them was pasted into an answer, and nobody can say which
    return _Post("\n".join(preamble), {field: "\n".join(parts).strip() for field, parts in answers.items()})


def _of_the_form(labels: list[_Label | None]) -> list[_Label | None]:
    """Without the lines that look like a label but are set apart in another way than the form's own labels.

    People paste `Urgency: ...` or a quoted form into an answer.
    """
    found = [label for label in labels if label]
    if not found:
        return labels
    ranked = Counter(style for _, style in dict.fromkeys((label.field, label.style) for label in found))
    style, count = ranked.most_common(1)[0]
    if count >= _ENOUGH_LABELS:
        return [label if label and label.style == style else None for label in labels]
    is_quoted = found[0].style[0]
    return [label if label and label.style[0] == is_quoted else None for label in labels]


def _label_on(line: str, fields: Mapping[str, Field]) -> _Label | None:
    is_quoted = line.lstrip().startswith(_QUOTED)
    line = line.lstrip().removeprefix(_QUOTED)
    line = line[_DECORATION.match(line).end() :]  # type: ignore[union-attr]
    styled = _STYLED_LABEL.match(line)
    if styled and (field := fields.get(_label_key(styled[1]))):
        return _Label(field, (is_quoted, "styled"), styled[2])
    colon = _COLON_LABEL.match(line)
    if colon and (field := fields.get(_label_key(colon[1]))):
        signs = _STYLE_SIGNS if colon[1][0] in _STYLE_SIGNS else ""
        return _Label(field, (is_quoted, "styled" if signs else "colon"), colon[2].rstrip(signs))
    field = fields.get(_label_key(line)) if len(line) <= 120 else None
    return _Label(field, (is_quoted, "alone"), "") if field else None


def _lines(text: object) -> Iterator[str]:
    yield from plain(text).split("\n") if isinstance(text, str) else ()


# Blocks: docs.slack.dev/reference/block-kit/blocks


def _block_lines(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str | None]:
    for block in _mappings(blocks):
        kind = block.get("type")
        if kind in ("divider", "header", "context"):
            yield None
        if kind == "rich_text":
            yield from _rich_text(block).split("\n")
        else:
            yield from _written(block)


def _written(block: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a section, header, context or markdown block."""
    texts = [block.get("text"), *_mappings(block.get("fields")), *_mappings(block.get("elements"))]
    for text in texts:
        yield from _lines(text.get("text") if isinstance(text, Mapping) else text)


def _rich_text(element: Mapping[str, Any], depth: int = 0) -> str:
    """An element of rich text as Slack's markup, in which `_BOLD` stands around what is bold."""
    kind = str(element.get("type"))
    if not kind.startswith("rich_text"):
        return _rich_leaf(kind, element)
    within = _mappings(element.get("elements")) if depth < _DEPTH else ()
    between = "\n" if kind in ("rich_text", "rich_text_list") else ""
    text = between.join(_rich_text(part, depth + 1) for part in within).replace(_BOLD * 2, "")
    return "\n".join(f"{_QUOTED} {line}" for line in text.split("\n")) if kind == "rich_text_quote" else text


def _rich_leaf(kind: str, element: Mapping[str, Any]) -> str:
    match kind, element:
        case "user", {"user_id": str(user)}:
            return f"<@{user}>"
        case "channel", {"channel_id": str(channel)}:
            return f"<#{channel}>"
        case "usergroup", {"usergroup_id": str(group)}:
            return f"<!subteam^{group}>"
        case "broadcast", {"range": str(audience)}:
            return f"<!{audience}>"
        case "emoji", {"name": str(name)}:
            return f":{name}:"
        case "link", {"url": str(url)}:
            label = element.get("text")
            return (
                f"<{slack_entities(url)}|{slack_entities(label)}>"
                if isinstance(label, str)
                else f"<{slack_entities(url)}>"
            )
        case _, {"text": str(text)}:
            style = element.get("style")
            is_bold = isinstance(style, Mapping) and style.get("bold") is True
            return "\n".join(_bold(line) if is_bold else line for line in _lines(slack_entities(text)))
    return ""


def _bold(line: str) -> str:
    return f"{_BOLD}{line}{_BOLD}" if line.strip() else line


def _mappings(parts: object) -> list[Mapping[str, Any]]:
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list | tuple) else []


# Reading the answers

_WRAPPED = re.compile(r"([*_~`]+)([^*_~`]+)\1")
_ONLY_A_USER = re.compile(rf"[\s{_STYLE_SIGNS}]*<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>[\s{_STYLE_SIGNS}]*")
_LICENSE = re.compile(r"licen[cs]|renewal|subscription|customersdot|\bl\s?&\s?r\b", re.IGNORECASE)
_SURE_TICKET = re.compile(
    r"(?:(?<!\w)(?:tickets|requests)/|\bzd[\s#:-]*)([0-9]{1,12})(?![0-9])", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w.,/-])(?<![0-9]:)(#?)([0-9]{1,12})(?![\w@]|[.,:/-][0-9])")
_LONG_NUMBER = 5
_AROUND_A_TICKET = {"ticket", "zendesk", "number", "no", "nr", "id"}
_NOT_APPLICABLE = re.compile(
    r"(n a|na|nil|null|tbd|unknown|not (applicable|available)|none|no|no ticket)( .*)?|", re.DOTALL
)
_DURATION = re.compile(r"([0-9]{1,4}) ?(?:(h|hr|hrs|hour|hours)|m|min|mins|minute|minutes)")


def _read_answers(answers: Mapping[Field, str], urgencies: Sequence[UrgencyLevel]) -> Form:
    told: dict[Field, str] = {field: _answer(answers.get(field, "")) for field in get_args(Field)}
    # A mention among other words may be anybody's, and who is the initiator will be pinged.
    initiator = _ONLY_A_USER.fullmatch(answers.get("initiator", "").replace(_QUOTED, " "))
    return _form(told, initiator[1] if initiator else None, urgencies)


def _form(told: Mapping[Field, str], initiator: str | None, urgencies: Sequence[UrgencyLevel]) -> Form:
    ticket = _read_ticket(told["ticket"])
    urgency = _read_urgency(told["urgency"], urgencies)
    return Form(
        ticket=ticket if isinstance(ticket, int) else None,
        ticket_raw=told["ticket"],
        urgency=urgency,
        urgency_raw=told["urgency"],
        customer=told["customer"],
        plan=told["plan"],
        product=told["product"],
        group=told["group"],
        reason=told["reason"],
        desired_result=told["desired_result"],
        initiator=initiator,
        initiator_raw=told["initiator"],
        is_license=bool(_LICENSE.search(told["product"])) if told["product"] else None,
        problems=tuple(_problems(ticket, urgency, told)),
    )


def _problems(
    ticket: int | ProblemKind, urgency: str | None, told: Mapping[Field, str]
) -> Iterator[FormProblem]:
    if not isinstance(ticket, int):
        yield FormProblem(kind=ticket, field="ticket", seen=told["ticket"])
    if urgency is None:
        kind: ProblemKind = "unknown_urgency" if told["urgency"] else "no_urgency"
        yield FormProblem(kind=kind, field="urgency", seen=told["urgency"])


def _answer(markup: str) -> str:
    """An answer as plain text, without the quote marks or signs of style that stand around all of it."""
    lines = markup.split("\n")
    if all(line.startswith(_QUOTED) for line in lines):
        markup = "\n".join(line.removeprefix(_QUOTED).removeprefix(" ") for line in lines)
    text = from_slack(markup, {}).strip()
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[2].strip() if wrapped else text


def _read_ticket(answer: str) -> int | ProblemKind:
    if not answer:
        return "no_ticket"
    answer = unicodedata.normalize("NFKC", answer)
    words = answer.split()
    others = [word for word in words if "@" not in word and "://" not in word]
    numbers = {int(number) for number in _SURE_TICKET.findall(answer)} or _numbers(" ".join(others))
    if numbers:
        ticket = numbers.pop()
        return "several_tickets" if numbers else ticket or "ticket_unreadable"
    if any("salesforce.com" in word or "force.com" in word for word in map(str.casefold, words)):
        return "ticket_is_salesforce"
    if any("@" in word.strip("@") for word in words):
        return "ticket_is_email"
    return "ticket_not_applicable" if _NOT_APPLICABLE.fullmatch(_words(answer)) else "ticket_unreadable"


def _numbers(text: str) -> set[int]:
    """The numbers that can only be a ticket's: marked with #, long, or with nothing else beside them."""
    found = _NUMBER.findall(text)
    likely = {int(number) for sign, number in found if sign or len(number) >= _LONG_NUMBER}
    if likely:
        return likely
    besides = set(_words(text).split()) - {number for _, number in found}
    return {int(number) for _, number in found} if besides <= _AROUND_A_TICKET and len(found) == 1 else set()


def _read_urgency(answer: str, urgencies: Sequence[UrgencyLevel]) -> str | None:
    """The level with whose name or alias the answer begins, or whose minutes it tells; None for two."""
    said = _words(_EMOJI_CODE.sub(" ", answer))
    if duration := _DURATION.fullmatch(said):
        minutes = int(duration[1]) * (60 if duration[2] else 1)
        return next((level.name for level in urgencies if level.minutes == minutes), None)
    known = [(_words(word), level.name) for level in urgencies for word in (level.name, *level.aliases)]
    for word, name in sorted(known, key=lambda entry: -len(entry[0])):
        if said == word or said.startswith(word + " "):
            rest = said.removeprefix(word).split()
            return None if _names_another(rest, name, urgencies) else name
    return None


def _names_another(words: Iterable[str], name: str, urgencies: Sequence[UrgencyLevel]) -> bool:
    """Whether what follows a level's name is another's, as in a list of levels nobody chose from."""
    text = f" {' '.join(words)} "
    return any(f" {_words(level.name)} " in text for level in urgencies if level.name != name)
