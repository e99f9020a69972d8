"""`starbot doctor`: a line a check, with its mend, for a person on a phone or for a program."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from starbot import settings
from starbot.checkup import Finding, checkup
from starbot.cli.run import complain
from starbot.core.text import one_line
from starbot.errors import SetupError

WIDEST, NARROWEST = 100, 30
LEVEL_WIDTH = 11
_COLOURS = {"ok": "32", "warning": "33", "fix": "1;31"}


def doctor(as_json: bool) -> int:
    """Check and print. The exit status: 0, 1 if something must be fixed, 2 if the settings cannot be read."""
    try:
        told = settings.load()
        findings = [_plain(each) for each in checkup(told, Progress())]
    except SetupError as error:
        if as_json:
            print(json.dumps({"ok": False, "complaints": error.complaints}, ensure_ascii=False))
        complain(error)
        return 2
    is_fine = all(finding.level != "fix" for finding in findings)
    if as_json:
        rows = [finding._asdict() for finding in findings]
        print(json.dumps({"ok": is_fine, "findings": rows}, ensure_ascii=False))
    else:
        terminal = sys.stdout.isatty()
        width = min(WIDEST, max(NARROWEST, shutil.get_terminal_size().columns)) if terminal else None
        print("\n".join(lines(findings, width, is_coloured=terminal)))
    return 0 if is_fine else 1


class Progress:
    """Says on standard error whose answers are still to come: once, or on a terminal in one changing line."""

    def __init__(self) -> None:
        self._is_said = False

    def __call__(self, waiting: Sequence[str]) -> None:
        """Whoever has not answered yet; nobody: the line goes."""
        line = f"asking {', '.join(waiting)} ..." if waiting else ""
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif not self._is_said:
            print(line, file=sys.stderr, flush=True)
        self._is_said = True


def lines(findings: Iterable[Finding], width: int | None, *, is_coloured: bool) -> Iterator[str]:
    """The findings under the names of their parts, and what they come to. `width` None: no line is broken."""
    part, count = "", {"ok": 0, "warning": 0, "fix": 0}
    for finding in findings:
        if finding.part != part:
            part = finding.part
            yield part
        count[finding.level] += 1
        yield from _lines(finding, width, is_coloured)
    yield ", ".join(f"{level}: {number}" for level, number in reversed(count.items()))


def _lines(finding: Finding, width: int | None, is_coloured: bool) -> Iterator[str]:
    level = f"{finding.level:<{LEVEL_WIDTH - 2}}"
    first, *rest = _broken(finding.what, width)
    yield f"  {_coloured(level, finding.level) if is_coloured else level}{first}"
    indent = " " * LEVEL_WIDTH
    yield from (indent + line for line in rest)
    if finding.mend:
        yield from (
            f"{indent}{sign}{line}" for sign, line in _signed(_broken(finding.mend, width and width - 3))
        )


def _signed(mend: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield from zip(["-> ", *["   "] * (len(mend) - 1)], mend, strict=True)


def _broken(text: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    return textwrap.wrap(text, width - LEVEL_WIDTH, break_on_hyphens=False) or [""]


def _coloured(text: str, level: str) -> str:
    return f"\x1b[{_COLOURS[level]}m{text}\x1b[0m"


def _plain(finding: Finding) -> Finding:
    """Vendors' words stand in it: nothing of them may move the cursor."""
    return finding._replace(what=one_line(finding.what, 400), mend=one_line(finding.mend, 400))
