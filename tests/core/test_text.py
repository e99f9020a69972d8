"""Outside text is harmless wherever it goes."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starbot.core.text import (
    from_slack,
    gitlab_block,
    gitlab_text,
    gitlab_title,
    marker,
    one_line,
    plain,
    slack_clip,
    slack_text,
    zendesk_text,
)
from starbot_sandbox.gitlab.markdown import mentions, read_actions
from tests.corpus import HOSTILE

VISIBLE = "@all @ #1 !1 ~a %v &1 $1 <!here> < > &amp; ` ``` ~~~ * _ /close 👩 a 1 [x](y) {{ \\ ]: https://"
MORE = 'www. GL-1 - " 🇩 :eyes: ![ *iteration:1'
UNSEEN = ["\n", "\r", "\u2028", "\u200b", "\u200d", "\u202e", " ", "\ud800", "\x00", "\u0301"]
WORDS = st.sampled_from([*VISIBLE.split(), *MORE.split(), *UNSEEN])
TEXTS = st.one_of(st.text(), st.lists(WORDS).map("".join), st.sampled_from(sorted(HOSTILE.values())))
ALL = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())

REFERENCE = re.compile(r"(?<![A-Za-z0-9])@[^\s\u2060]|#\d|!\d|~[\w\"]|%\w|&\d|\$\d|://|\bwww\.|\bGL-\d")
SLACK_FORMAT = re.compile(r"(?<![A-Za-z0-9])([*_~])\S(.*?\S)?\1(?![A-Za-z0-9])")


@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(TEXTS)
def test_plain_text_can_be_stored_and_has_one_kind_of_newline(text: str) -> None:
    clean = plain(text)
    clean.encode("utf-8")
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b\u202a-\u202e\u2060-\u206f\ufeff]", clean
    )
    assert clean.split("\n") == clean.splitlines() or clean.endswith("\n") or clean == ""


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\rc\u2028d\x85e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("\u202eabc\u200b\ufeff", "abc"),
        ("👩‍💻 🏳️‍🌈 👍🏽 🇩🇪", "👩‍💻 🏳️‍🌈 👍🏽 🇩🇪"),
        ("می‌خواهم", "می‌خواهم"),
        ("a\u200db\u200cc", "abc"),
        ("tab\tstays", "tab\tstays"),
        ("e\u0301" + "\u0301" * 50, "e\u0301\u0301\u0301"),
        ("x\ud800y\x00z", "x\ufffdyz"),
        ("Zoë Müller, 株式会社", "Zoë Müller, 株式会社"),
    ],
)
def test_plain_keeps_what_people_see(text: str, clean: str) -> None:
    assert plain(text) == clean


# Slack


@given(TEXTS)
def test_nothing_in_slack_text_is_active(text: str) -> None:
    safe = slack_text(text)
    assert not re.search(r"[<>`]|&(?!(amp|lt|gt);)", safe)
    assert not re.search(r"(?<![A-Za-z0-9])@[^\s\u2060]", safe)
    assert not re.search(r"^\s*&gt;", safe, re.MULTILINE)
    assert not any(SLACK_FORMAT.search(line) for line in safe.split("\n"))


@given(TEXTS)
def test_slack_text_comes_back_as_it_went_but_for_the_signs_of_formatting(text: str) -> None:
    told = str.maketrans("∗＿∼›", "*_~>")
    assert from_slack(slack_text(text), {}).translate(told) == plain(text).replace("`", "'").translate(told)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@\u2060U1&gt;"),
        ("&amp;", "&amp;amp;"),
        ("gitlab_rails_secret and 2*3*4 and a * b", "gitlab_rails_secret and 2*3*4 and a * b"),
        ("*bold* _it_ ~gone~ `code`", "∗bold∗ ＿it＿ ∼gone∼ 'code'"),
        (">>> quote\n > quote", "››› quote\n › quote"),
        ("a > b", "a &gt; b"),
        ("mail casey.lin@example.com", "mail casey.lin@example.com"),
        (":eyes: :white_check_mark:", ":eyes: :white_check_mark:"),
    ],
)
def test_slack_text_stays_readable(text: str, safe: str) -> None:
    assert slack_text(text) == safe


@given(TEXTS, st.integers(0, 60))
def test_a_clipped_slack_text_is_whole_in_its_parts(text: str, limit: int) -> None:
    safe = slack_text(text)
    clipped = slack_clip(safe, limit)
    assert len(clipped) <= limit
    assert slack_clip(clipped, limit) == clipped
    assert not re.search(r"&(?!(amp|lt|gt);)", clipped)
    assert clipped == safe or limit == 0 or (clipped[-1] == "…" and safe.startswith(clipped[:-1]))


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("short", 5, "short"),
        ("several words here", 12, "several…"),
        ("several words here", 14, "several words…"),
        ("abcdefgh", 5, "abcd…"),
        ("abc&amp;def", 7, "abc…"),
        ("abc&amp;def", 9, "abc&amp;…"),
        ("see <https://x|the issue>", 12, "see…"),
        ("<https://x|the issue> and", 24, "<https://x|the issue>…"),
        ("ab👩‍💻cd", 5, "ab…"),
        ("🇩🇪🇫🇷x", 4, "🇩🇪…"),
        ("ae\u0301x", 3, "a…"),
        ("abc", 0, ""),
    ],
)
def test_clipping_parts_no_word_entity_link_or_letter(text: str, limit: int, clipped: str) -> None:
    assert slack_clip(text, limit) == clipped


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<@U1> and <@U2|mei> and <@U3>", "@Lena Vogt and @mei and @U3"),
        ("<#C1|general> <#C9>", "#general #C9"),
        ("<!here> <!channel|channel> <!subteam^S1> <!subteam^S2|@ceoc>", "@here @channel @smoc @ceoc"),
        ("<https://a.example/x|the issue>", "the issue (https://a.example/x)"),
        ("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<mailto:a@b.example|a@b.example> <tel:+491|+491>", "a@b.example +491"),
        ("<!date^1^{date}|yesterday>", "yesterday"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("<not markup>", "<not markup>"),
        ("<", "<"),
    ],
)
def test_slack_markup_is_read_as_people_see_it(markup: str, text: str) -> None:
    assert from_slack(markup, {"U1": "Lena Vogt", "S1": "smoc"}) == text


# GitLab


@given(TEXTS)
def test_a_value_in_gitlab_is_one_inert_line(text: str) -> None:
    safe = gitlab_text(text)
    assert safe.splitlines() in ([], [safe])
    assert not REFERENCE.search(safe)
    assert not re.match(r"[/#>+=-]|\d+[.)]", safe)
    assert not re.search(r"[<>]|(?<!\\)(?:\\\\)*(?!\\)[`*_\[\]{}|~$]|&(?!(amp|lt|gt);)", safe)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Aurora Robotics, 100 % (EMEA)", "Aurora Robotics, 100 % (EMEA)"),
        ("casey.lin@example.com", "casey.lin@example.com"),
        ("AT&T <b>", "AT&amp;T &lt;b&gt;"),
        ("@all", "@\u2060all"),
        ("/close", "\\/close"),
        ("# one\ntwo", "\\# one two"),
        ("1. one", "1\\. one"),
        ("snake_case", "snake\\_case"),
        ("[a](b)", "\\[\u2060a\\](b)"),
        ("ends in \\", "ends in \\\\"),
    ],
)
def test_gitlab_text_stays_readable(text: str, safe: str) -> None:
    assert gitlab_text(text) == safe


@given(TEXTS)
def test_a_block_in_gitlab_ends_where_we_end_it(text: str) -> None:
    first, *inside, last = gitlab_block(text).split("\n")
    assert (first, last) == ("```text", "```")
    assert not any(re.search("```|~~~", line) for line in inside)
    assert "\n".join(inside).replace("\u2060", "") == plain(text).strip("\n")


@given(TEXTS)
def test_gitlab_as_we_simulate_it_runs_nothing_and_tells_nobody(text: str) -> None:
    body = f"{gitlab_text(text)}\n\n- **Customer:** {gitlab_text(text)}\n\n{gitlab_block(text)}\n\nThe end."
    assert read_actions(body).actions == ()
    assert mentions(body) == mentions(gitlab_title(text)) == ()


@given(TEXTS)
def test_a_title_is_one_short_inert_line(text: str) -> None:
    title = gitlab_title(text)
    assert len(title) <= 255
    assert title.splitlines() in ([], [title])
    assert not REFERENCE.search(title)
    assert gitlab_title(title) == title


# Zendesk


@given(TEXTS)
def test_a_zendesk_comment_holds_no_placeholder_link_or_html(text: str) -> None:
    safe = zendesk_text(text)
    assert not re.search(r"\{\{|\{%|\]\(|\]\[|\]:|<[A-Za-z/!?]|`|^[ \t]*[#>=]", safe, re.MULTILINE)
    assert not any(SLACK_FORMAT.search(line) for line in safe.split("\n"))


# Everywhere


@given(TEXTS, st.integers(0, 40))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert one_line(line, limit) == line


def test_a_marker_is_one_word_and_stays_the_same() -> None:
    assert marker("star-1:3:note") == marker("star-1:3:note") == "mxvpuskneounu3pp"
    assert re.fullmatch("[a-z0-9]{16}", marker("\ud800"))


@given(st.text(), st.text())
def test_two_keys_have_two_markers(one: str, other: str) -> None:
    assert (marker(one) == marker(other)) == (one == other)


@ALL
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    for make in (slack_text, gitlab_text, gitlab_block, gitlab_title, zendesk_text):
        make(text)
    slack_clip(from_slack(text, {}), 3_000)
    assert time.perf_counter() - began < 1
