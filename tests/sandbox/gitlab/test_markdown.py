"""What GitLab reads out of a text, without a server."""

import pytest

from starbot_sandbox.gitlab.markdown import mentions, read_actions


@pytest.mark.parametrize(
    "text",
    ["/close", "   /close", "text\n/close", "text\r/close", "text\r\n/CLOSE", "a\u2028/close", "a\x85/close"],
)
def test_a_command_at_the_start_of_a_line_runs(text: str) -> None:
    assert [action.name for action in read_actions(text).actions] == ["close"]


@pytest.mark.parametrize(
    "text",
    [
        "```\n/close\n```",
        "~~~\n/close\n~~~",
        "````\n```\n/close\n````",
        "> /close",
        ">>>\n/close\n>>>",
        "see /close",
        "/unknown thing",
        "/var/log/close",
        "\\/close",
        "```\n/close without an end",
        "```\ntext\u2028```\u2028/close\n```",
    ],
)
def test_a_command_in_code_a_quote_or_the_middle_of_a_line_is_text(text: str) -> None:
    reading = read_actions(text)
    assert reading.actions == ()
    assert reading.text == text


def test_a_fence_ends_only_at_a_fence_as_long() -> None:
    assert read_actions("````\n```\n````\n/close").actions
    assert not read_actions("````\n```\n/close").actions


def test_a_command_is_taken_out_of_the_text() -> None:
    reading = read_actions("first\n/label ~bug\nlast")
    assert reading.text == "first\nlast"
    assert reading.actions[0].argument == "~bug"


@pytest.mark.parametrize(
    "text", ["@\u200blvogt", "`@lvogt`", "```\n@lvogt\n```", "a@example.com", "<!-- @lvogt -->"]
)
def test_escaped_and_coded_names_are_no_mentions(text: str) -> None:
    assert mentions(text) == ()


def test_users_groups_and_all_are_mentions_also_in_quotes() -> None:
    assert mentions("@lvogt, @all\n> (@gitlab-com/support.)") == ("lvogt", "all", "gitlab-com/support")
