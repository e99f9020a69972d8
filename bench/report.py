"""The report: a table on the screen, and the same in docs/performance.md."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Chapter
from bench.stand import ROOT

PAGE = ROOT / "docs" / "performance.md"
COMMAND = "python -m bench --write"
QUIET = 0.5
"""How much of each core others may use before the figures say more about them than about the bot."""

INTRODUCTION = """# Performance

What the bot promises about speed, isolation and thrift, and what was measured. Sandbox and bot run as two
processes on one machine, on the real client libraries, over loopback; every figure but those over HTTP is read off
the sandbox's journal. Ratios carry to other machines, milliseconds do not.
"""


def show(chapters: Sequence[Chapter], load: float) -> None:
    """Prints the tables. `load` is the machine's load average before anything was measured."""
    cores = os.cpu_count() or 1
    console = Console()
    for chapter in joined(chapters):
        table = Table(title=chapter.title, title_justify="left", title_style="bold", expand=True)
        for column in ("what", "measured", "target", ""):
            table.add_column(column, overflow="fold")
        for figure in chapter.figures:
            colour = {True: "green", False: "bold red", None: ""}[figure.is_met]
            table.add_row(figure.what, figure.measured, figure.target, figure.verdict, style=colour)
        console.print(table)
    console.print(machine(), style="dim")
    if load > QUIET * cores:
        console.print(
            f"Others kept {load:.1f} of {cores} cores busy: repeat it when they are done.", style="bold"
        )


def write(chapters: Sequence[Chapter], load: float) -> Path:
    """Writes the page that the documents refer to."""
    parts = [
        INTRODUCTION,
        f"`{COMMAND}` on {date.today().isoformat()}, on {machine()} Load average before: {load:.1f}.\n",
    ]
    for chapter in joined(chapters):
        parts.append(f"## {chapter.title}\n\n{chapter.meaning}\n")
        rows = [f"| {f.what} | {f.measured} | {f.target} | {f.verdict} |" for f in chapter.figures]
        parts.append("\n".join(["| What | Measured | Target | |", "|-|-|-|-|", *rows]) + "\n")
    PAGE.write_text("\n".join(parts), "utf-8")
    return PAGE


def joined(chapters: Sequence[Chapter]) -> list[Chapter]:
    """Chapters of one title as one, in the order in which the titles came."""
    found: dict[str, Chapter] = {}
    for chapter in chapters:
        before = found.get(chapter.title)
        if before is None:
            found[chapter.title] = chapter
        else:
            found[chapter.title] = before._replace(figures=before.figures + chapter.figures)
    return list(found.values())


def machine() -> str:
    """What it ran on, in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("dbos", "slack-bolt", "sqlalchemy"))
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}."
    )
