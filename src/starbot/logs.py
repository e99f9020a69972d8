"""How log lines are written (text or JSON), and what never stands in one: a secret, or what people wrote.

Secrets are taken out by value, in every way that a line may quote them, and by shape, for those that we do
not know. An exception keeps its place in the code; its message is kept only where it cannot quote somebody.
Both hold for structlog and for the logging of every library alike.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, TextIO, TypeAlias
from urllib.parse import quote, quote_plus

import structlog
from pydantic import ValidationError

from starbot.errors import StarbotError

HIDDEN = "[redacted]"
SHORTEST = 6
"""A shorter value is no secret that could be kept, and would be found in every other word."""
LEFT_OUT = "(its message may quote somebody and is left out)"

_SHAPES = re.compile(
    r"""
    \b(?:xox[a-z]|xapp|xwfp)-[\w.%-]+             # Slack
    | \bgl[a-z]{2,8}-[\w.-]{8,}                   # GitLab
    | \b(?:Bearer|Basic)\s+[\w.~+/%=-]{6,}
    | \bToken\s+(?:token=)?[\w.~+/%=-]{16,}        # PagerDuty
    | (?<=://)[^\s/@:]*:[^\s@]+(?=@)              # user and password in an address
    | \bv0=[0-9a-f]{64}\b                         # a signature of Slack
    """,
    re.VERBOSE | re.IGNORECASE,
)

Line: TypeAlias = MutableMapping[str, Any]


class Redactor:
    """Takes secrets out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        ways = {way for secret in secrets if len(secret) >= SHORTEST for way in _quoted(secret)}
        # The longest first: one secret may begin with another.
        either = "|".join(re.escape(way) for way in sorted(ways, key=len, reverse=True))
        self._known = re.compile(either) if either else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _SHAPES.sub(HIDDEN, text)


def _quoted(secret: str) -> set[str]:
    """A secret as it is, and as Python, JSON and an address write it."""
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, ""), quote_plus(secret)}


def harmless(error: BaseException) -> str:
    """What may be logged of an error: its kind, and its message where that is ours or a machine's."""
    kind = type(error).__name__
    if isinstance(error, ValidationError):
        wrong = (
            f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors(include_input=False)
        )
        return f"{kind}: {'; '.join(wrong)}"
    if isinstance(error, StarbotError):
        return f"{kind}: {error}"
    if isinstance(error, ValueError | LookupError | AssertionError):
        return f"{kind} {LEFT_OUT}"
    return f"{kind}: {error}".partition("\n")[0]


def told(error: BaseException) -> str:
    """A traceback whose messages are harmless, the first cause first, as Python prints it."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    parts = [] if before is None else [told(before), "which led to:\n"]
    return "\n".join([*parts, "".join(traceback.format_tb(error.__traceback__)) + harmless(error)])


def set_up(level: str, form: str, secrets: Iterable[str], out: TextIO | None = None) -> None:
    """From now on every line of this process is written so; `form` is text or json, `out` where our own lines go,
    standard output if not said."""
    redact = Redactor(secrets)
    set_up_libraries(form, redact)
    set_up_ours(level, form, redact, out)
    sys.excepthook = lambda kind, error, trace: _crashed(error)
    threading.excepthook = lambda crash: _crashed(crash.exc_value)


def set_up_ours(level: str, form: str, redact: Redactor, out: TextIO | None = None) -> None:
    """The lines that starbot writes itself."""
    render = _RENDERERS[form]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(lambda exc_info: told(exc_info[1])),
            lambda logger, name, line: {key: _clean(redact, value) for key, value in line.items()},
            lambda logger, name, line: redact(render(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
    )


def _clean(redact: Redactor, value: Any) -> Any:
    """A value that holds no secret, in a shape that JSON knows."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {redact(str(key)): _clean(redact, each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(redact, each) for each in value]
    return redact(value if isinstance(value, str) else repr(value))


_FIRST = ("timestamp", "level", "event")
_as_text = structlog.processors.KeyValueRenderer(key_order=list(_FIRST))


def _as_json(line: Line) -> str:
    return json.dumps({key: line[key] for key in (*_FIRST, *line) if key in line}, ensure_ascii=False)


_RENDERERS: dict[str, Callable[[Line], str]] = {
    "text": lambda line: str(_as_text(None, "", line)),
    "json": _as_json,
}


# -- the libraries' own logging


class _Lines(logging.Formatter):
    """A record of a library as a line like ours."""

    def __init__(self, redact: Redactor, render: Callable[[Line], str]) -> None:
        super().__init__()
        self._redact = redact
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        """The whole line."""
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "", {})
        line: Line = {**stamp, "level": record.levelname.lower(), "event": record.getMessage()}
        line["logger"] = record.name
        if record.exc_text:
            line["exception"] = record.exc_text
        return self._redact(self._render(line))


def set_up_libraries(form: str, redact: Redactor) -> None:
    """The lines that libraries write."""
    _redact_records(redact)
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(redact, _RENDERERS[form]))
    # By force: zenpy turns everything to DEBUG, customers' texts included, where it finds DEBUG_LOG set.
    logging.basicConfig(force=True, level=logging.WARNING, handlers=[handler])
    # The durable engine brings a handler of its own unless there is one.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    logging.captureWarnings(True)


def _redact_records(redact: Redactor) -> None:
    """At the source, so that it holds for whatever handler a library has."""

    def make(*given: Any, **more: Any) -> logging.LogRecord:
        record = logging.LogRecord(*given, **more)
        try:
            text = record.getMessage()
        except Exception:  # a library's message that does not fit its arguments
            text = str(record.msg)
        record.msg, record.args = redact(text), None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redact(told(record.exc_info[1]))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return record

    logging.setLogRecordFactory(make)


def _crashed(error: BaseException | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt):
        return
    logging.getLogger("starbot").critical("a thread ended by an error", exc_info=error)
