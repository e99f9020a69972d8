"""What is read before anything else happens: forms, webhooks, the people file, the configuration. Whatever comes, each
reader answers or says its documented no; each property answers whether the input passed the first gate."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from starbot.duties.paging.webhook import parse_webhook, verify_webhook
from starbot.duties.stars.slack import FormReader, slack_message
from starbot.errors import SetupError
from starbot.listeners import NOT_AS_DESCRIBED
from starbot.services.people import PeopleFile
from starbot.settings import load
from tests.duties.paging.test_webhook import SECRET, event, signed
from tests.duties.stars.test_form import LABELS, URGENCIES, answers, rich, said, section
from tests.fuzz.mutation import mutated, mutated_lines
from tests.stage import ROOT, STARS
from tests.test_settings import COMPLETE

FILLED = answers(
    ticket="123456", urgency="Urgent", customer="Aurora", reason="They go live.", initiator="<@U1>"
)
READER = FormReader(lambda: STARS, LABELS, URGENCIES)
POSTS: tuple[dict[str, Any], ...] = (
    {"ts": "1794916800.000100", "text": FILLED, "bot_id": "B9"},
    {
        "ts": "1794916800.000100",
        "text": "",
        "blocks": [section(part) for part in FILLED.split("\n")],
        "bot_id": "B9",
    },
    {
        "ts": "1794916800.000100",
        "text": "A STAR",
        "blocks": [rich(said("Ticket", True), said("\n123456\n"), said("Urgency", True), said("\nUrgent"))],
        "workflow_id": "Wf0STARFORM",
    },
)
KINDS = ("triggered", "acknowledged", "escalated", "resolved", "reassigned")
DEFAULTS = (ROOT / "src" / "starbot" / "defaults.toml").read_text("utf-8")
PASSWORD = "hunter2hunter2"
ENVIRON = {name: value.replace("SECRET", PASSWORD) for name, value in COMPLETE.items()}
VALUES = tuple(line.partition("= ")[2] for line in DEFAULTS.splitlines() if "= " in line)
TOML = (
    *VALUES,
    '""',
    "-1",
    "0",
    "[]",
    "{}",
    "true",
    "nan",
    "99999999999999999999",
    '"23:00"',
    '["a"]',
    "1979-05-27",
)
PEOPLE = """\
- name: Lena Vogt
  email: lena.vogt@example.com
  slack: U0LENA
  gitlab: lvogt
  pagerduty: PLENA
  zendesk: 7001
  region: EMEA
- name: Mei Tanaka
  email: mei.tanaka@example.com
  slack: U0MEI
"""
YAML = ("", "~", "[]", "{a: b}", "&a x", "*a", "!!python/object:os.system x", "2026-01-01", "0x1F", "'", "|")

form_posts = st.sampled_from(POSTS).flatmap(mutated)
webhooks = st.one_of(
    *[st.sampled_from(KINDS).flatmap(lambda kind: mutated({"event": event(kind)}, most=2)).map(json.dumps)]
    * 4,
    st.binary(max_size=200),
)
peoples = mutated_lines(PEOPLE, YAML)
configurations = st.one_of(
    st.tuples(mutated_lines(DEFAULTS, TOML), st.just(ENVIRON)),
    st.tuples(mutated_lines(DEFAULTS, TOML), st.just(ENVIRON)),
    st.tuples(st.just(""), mutated(ENVIRON, most=1)),
)


def reads_form(post: dict[str, Any]) -> bool:
    """Whatever a message holds, it is a form, or none, or not as Slack describes one."""
    try:
        message = slack_message(post, STARS)
    except NOT_AS_DESCRIBED:
        return False
    return READER.read(message) is not None


def reads_webhook(body: str | bytes) -> bool:
    """What is signed is an event, one that we do not listen to, or a ValueError."""
    given = body.encode() if isinstance(body, str) else body
    assert verify_webhook([SECRET], given, {"X-PagerDuty-Signature": signed(given)})
    try:
        parse_webhook(given)
    except ValueError:
        return False
    return True


def reads_people(text: str) -> bool:
    """A people file is read, or each complaint says where."""
    with _file("people.yml", text) as path:
        try:
            PeopleFile.read(path)
        except SetupError as error:
            assert error.complaints and all(str(path) in one for one in error.complaints)
            return False
        return True


def reads_configuration(given: tuple[str, dict[str, Any]]) -> bool:
    """Settings are read, or everything that is wrong is said, and no secret with it."""
    toml, environ = given
    told = {name: str(value).replace("\0", "") for name, value in environ.items()}
    with _file("starbot.toml", toml) as path:
        try:
            load(told, path.parent)
        except SetupError as error:
            assert error.complaints and PASSWORD not in str(error.complaints)
            return False
        return True


@contextmanager
def _file(name: str, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="starbot-fuzz-") as folder:
        path = Path(folder) / name
        path.write_text(text, "utf-8")
        yield path
