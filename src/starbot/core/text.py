"""Outside text made harmless: the one place that escapes, one function for each destination.

Everything people or vendors wrote is plain text inside starbot. It is cleaned once on the way in (`plain`,
`from_slack`) and escaped once on the way out, by the function named after where it goes.
"""

import base64
import hashlib
import html
import re
from collections.abc import Mapping

_JOINER = "\u2060"  # WORD JOINER: no width, no line break; parts a sign from what would make it a command
# Each pattern begins with the signs that it may begin with: only then are the others passed over quickly.
_NEWLINES = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029](?:(?<=\r)\n)?")
_UNSTORABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_EMOJI = "\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
_JOINING = "\u0620-\u0dff"  # the scripts in which a zero-width joiner or non-joiner is spelling
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
    "(?:(?<![\u200c\u200d])"
    f"|(?<=\u200d)(?![{_EMOJI}{_JOINING}])|(?<![{_EMOJI}{_JOINING}].)(?<=\u200d)"
    f"|(?<=\u200c)(?![{_JOINING}])|(?<![{_JOINING}].)(?<=\u200c))",
    re.DOTALL,
)
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_TOWER = re.compile(f"([{_MARKS}][{_MARKS}][{_MARKS}])[{_MARKS}]+")


def plain(text: str) -> str:
    """The text without what nobody can see: one kind of newline, no control, direction or zero-width signs.

    Keeps tabs, newlines, letters of every script and joined emoji. The result can be stored (PostgreSQL
    refuses NUL) and sent (lone surrogates become U+FFFD). `plain(plain(x)) == plain(x)`.
    """
    text = _NEWLINES.sub("\n", text)
    text = _UNSTORABLE.sub("\ufffd", text)
    return _TOWER.sub(r"\1", _INVISIBLE.sub("", text))


def one_line(text: str, limit: int) -> str:
    """Plain text on one line of at most `limit` characters; also right for Slack's `plain_text` objects."""
    return _clip(" ".join(plain(text).split()), limit)


def marker(key: str) -> str:
    """The word of 16 signs [a-z2-7] that stands for an effect's key where a vendor keeps it."""
    return base64.b32encode(hashlib.sha256(key.encode("utf-8", "replace")).digest())[:16].decode().lower()


_CONTINUES = re.compile(f"[{_MARKS}\u200c\u200d\u2060\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_WORD_REACH = 32


def _clip(text: str, limit: int) -> str:
    """At most `limit` characters; where something was left out, the last one is an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: _cut(text, limit - 1)].rstrip() + "…" if limit > 0 else ""


def _cut(text: str, at: int) -> int:
    """The nearest place at or before `at` that parts two words, or at least two signs as readers see them."""
    if not text[at].isspace():
        spaces = (place for place in range(at, max(at - _WORD_REACH, 0), -1) if text[place - 1].isspace())
        at = next(spaces, at)
    while at > 0 and (_CONTINUES.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at - _half_a_flag(text, at)


def _half_a_flag(text: str, at: int) -> int:
    """1 where a cut would part the two letters that make a flag, else 0."""
    start = at
    while start > 0 and _FLAG.match(text[start - 1]):
        start -= 1
    return (at - start) % 2 if _FLAG.match(text[at]) else 0


# Slack: docs.slack.dev/messaging/formatting-message-text

_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_ENTITY = re.compile("&(amp|lt|gt);")
_MARKUP = re.compile("<([^<>]*)>|&(amp|lt|gt);")
_SCHEME = re.compile("[a-z][a-z0-9+.-]*:(?://)?", re.IGNORECASE)
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=\S)")
_QUOTE = re.compile(r"^([ \t]*)(>+)", re.MULTILINE)
_LOOKALIKE = str.maketrans({"*": "∗", "_": "＿", "~": "∼"})
# A single sign inside a word (snake_case, 2*3) or between spaces formats nothing and stays as it was typed.
_FORMATTING = re.compile(
    r"(?P<kept>(?<=[A-Za-z0-9])[*_~](?=[A-Za-z0-9])|(?<!\S)[*_~](?!\S))|(?P<active>[*_~]+)"
)


def slack_text(text: str) -> str:
    """Text for `text` or a `mrkdwn` object in which nothing pings, links by label, formats or quotes.

    Escapes exactly & < >; formatting signs become their look-alikes. Newlines and `:emoji:` codes stay. A
    bare address stays readable: send it with `verbatim` and without unfurling. Escape once: a second call
    would escape the entities of the first.
    """
    text = _MENTION.sub("@" + _JOINER, _unformatted(plain(text)))
    return slack_entities(_QUOTE.sub(lambda found: found[1] + "›" * len(found[2]), text))


def slack_entities(text: str) -> str:
    """Text as Slack writes it in its own markup: just the three signs that begin something there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_address(url: str) -> str:
    """An address inside the markup of a link: the signs that would end it are written out."""
    escaped = {"<": "%3C", ">": "%3E", "|": "%7C", " ": "%20", "&": "&amp;"}
    return "".join(escaped.get(sign, sign) for sign in one_line(url, 500))


def slack_clip(text: str, limit: int) -> str:
    """Escaped Slack text of at most `limit` characters; no entity and no `<...>` of ours is cut in two."""
    if len(text) <= limit or limit < 1:
        return _clip(text, limit)
    at = _cut(text, limit - 1)
    whole = (
        found.start() for found in _ENTITY.finditer(text, max(at - 4, 0)) if found.start() < at < found.end()
    )
    at = next(whole, at)
    opened = text.rfind("<", 0, at)
    return text[: opened if opened > text.rfind(">", 0, at) else at].rstrip() + "…"


def from_slack(text: str, names: Mapping[str, str]) -> str:
    """Inbound Slack text as people read it: mentions by name, links as `label (address)`, entities resolved.

    `names` maps ids (U1, C1, S1) to names; an id that is not there stays as it is. The result is `plain`.
    """
    return plain(_MARKUP.sub(lambda found: _ENTITIES.get(found[2]) or _read_markup(found[1], names), text))


def _unformatted(text: str) -> str:
    """Without what Slack and Markdown take for bold, italic, struck or code."""
    text = text.replace("`", "'")
    return _FORMATTING.sub(lambda found: found["kept"] or found["active"].translate(_LOOKALIKE), text)


def _read_markup(inside: str, names: Mapping[str, str]) -> str:
    inside = _ENTITY.sub(lambda found: _ENTITIES[found[1]], inside)
    target, _, label = inside.partition("|")
    kind, name = target[:1], target[1:]
    if kind == "@":
        return "@" + (names.get(name) or label or name)
    if kind == "#":
        return "#" + (label or names.get(name) or name)
    if kind == "!":
        return _read_broadcast(name, label, names)
    return _read_link(target, label) if _SCHEME.match(target) else f"<{inside}>"


def _read_broadcast(name: str, label: str, names: Mapping[str, str]) -> str:
    """`!here`, `!subteam^S1|@group`, `!date^...|fallback`."""
    kind, _, group = name.partition("^")
    if kind == "subteam":
        return "@" + (names.get(group) or label.removeprefix("@") or group)
    return label or name if kind == "date" else f"@{kind}"


def _read_link(target: str, label: str) -> str:
    address = target.removeprefix("mailto:").removeprefix("tel:")
    bare = _SCHEME.sub("", address, count=1).removesuffix("/")
    return address if label.removesuffix("/") in {"", address, bare} else f"{label} ({address})"


# GitLab: docs.gitlab.com/user/markdown (references, mentions), docs.gitlab.com/user/project/quick_actions

_GITLAB_TITLE_LIMIT = 255
# Each is a mention, a reference to another object, an inline diff or an address, if it goes on unparted.
_REFERENCE = re.compile(
    r"(?<![A-Za-z0-9])@(?=\S)|[#~%\[](?=\S)|[!&$](?=\d)|\{(?=[+-])|\*(?=iteration)"
    r"|:(?=//)|\bwww(?=\.)|\bGL-(?=\d)",
    re.IGNORECASE,
)
_MARKDOWN = str.maketrans(
    {sign: "\\" + sign for sign in "\\`*_[]{}|~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_BLOCK_START = re.compile(r"^(\d+(?=[.)])|(?=[-+=#/]))")
_LONG_FENCE = re.compile("(``|~~)(?=[`~])")


def gitlab_text(text: str) -> str:
    """A value for the middle of a line of GitLab Markdown: no mention, reference, link, HTML or quick action.

    A bare address is parted (`https:` `//...`), for its rendering would leave a note on what it points to.
    """
    line = " ".join(plain(text).split())
    return _BLOCK_START.sub(r"\1\\", _unreferenced(line).translate(_MARKDOWN))


def from_gitlab(text: str) -> str:
    """What `gitlab_text` or the inside of `gitlab_block` was made of, but for white space and long fences."""
    return html.unescape(re.sub(r"\\([^\w\s])|\\(?=\d)", r"\1", text)).replace(_JOINER, "")


_USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,253}[A-Za-z0-9_]|[A-Za-z0-9_]")


def gitlab_mention(username: str) -> str:
    """A mention that reaches its one person; "" for what is no username, a group's path or `all`."""
    return f"@{username}" if _USERNAME.fullmatch(username) and username.lower() != "all" else ""


def gitlab_block(text: str) -> str:
    """People's text of many lines as a fenced code block; put it on lines of its own, at their beginning.

    GitLab runs no quick action and resolves no reference inside one (see the pages named above). Older
    versions find blocks with a pattern that knows fences of three signs only: so the fence is always three,
    and longer runs inside are parted.
    """
    inside = _LONG_FENCE.sub(r"\1" + _JOINER, plain(text).strip("\n"))
    return f"```text\n{inside}\n```"


def gitlab_title(text: str) -> str:
    """The title of an issue: one line of at most 255 characters; titles too know mentions and references."""
    return _clip(_unreferenced(" ".join(plain(text).split())), _GITLAB_TITLE_LIMIT)


def _unreferenced(line: str) -> str:
    return _REFERENCE.sub(lambda found: found[0] + _JOINER, line)


# Zendesk: developer.zendesk.com/api-reference/ticketing (comments, placeholders)

# `body` is Markdown or plain text, as the account is set: backslashes would show, so signs are parted.
_ZENDESK = re.compile(r"\{(?=[{%])|\](?=[(\[:])|<(?=[A-Za-z/!?])")
_ZENDESK_LINE = re.compile(r"^([ \t]*)(?=[#>=|]|-{2})", re.MULTILINE)


def zendesk_text(text: str) -> str:
    """Text for the `body` of a comment: no placeholder, link by label, HTML, heading or formatting."""
    text = _ZENDESK.sub(lambda found: found[0] + _JOINER, _unformatted(plain(text)))
    return _ZENDESK_LINE.sub(lambda found: found[1] + _JOINER, text)
