"""How the doctor's findings look: on a phone, on a wide terminal, in a file."""

import io

import pytest

from starbot.checkup import Finding
from starbot.cli.doctor import Progress, lines

FINDINGS = [
    Finding("Slack", "ok", "bot token: GitLab Sandbox, user U0STARBOT"),
    Finding(
        "Slack",
        "fix",
        "STAR channel #support_ticket-attention-requests: the bot is not in it",
        "Type /invite @starbot there.",
    ),
    Finding("People", "warning", "without a GitLab name: Tomas Novak", "Write gitlab: beside their name."),
]


def test_each_check_is_a_line_and_its_mend_another() -> None:
    assert list(lines(FINDINGS, None, is_coloured=False)) == [
        "Slack",
        "  ok       bot token: GitLab Sandbox, user U0STARBOT",
        "  fix      STAR channel #support_ticket-attention-requests: the bot is not in it",
        "           -> Type /invite @starbot there.",
        "People",
        "  warning  without a GitLab name: Tomas Novak",
        "           -> Write gitlab: beside their name.",
        "fix: 1, warning: 1, ok: 1",
    ]


def test_on_a_phone_lines_are_broken_under_one_another() -> None:
    shown = list(lines(FINDINGS, 40, is_coloured=False))
    assert max(map(len, shown)) <= 40
    assert [line[:2] + line[2:11].strip() for line in shown if line[:3] != "   "] == [
        "Slack",
        "  ok",
        "  fix",
        "People",
        "  warning",
        "fix: 1, war",
    ]


def test_only_a_terminal_gets_colour() -> None:
    assert "\x1b[1;31mfix" in "\n".join(lines(FINDINGS, 80, is_coloured=True))
    assert "\x1b" not in "\n".join(lines(FINDINGS, 80, is_coloured=False))


def test_progress_is_one_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress(["Slack", "GitLab"])
    progress(["GitLab"])
    assert capsys.readouterr().err == "asking Slack, GitLab ...\n"


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_progress_is_one_line_that_goes_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress()
    progress(["Slack", "GitLab"])
    progress([])
    assert terminal.getvalue() == "\r\x1b[Kasking Slack, GitLab ...\r\x1b[K"
