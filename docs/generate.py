"""Writes what can be known from the code: docs/configuration.md, cli.md, lifecycle.md and .env.example.

`python docs/generate.py` writes them, `--check` only says which are stale (exit status 1). The words
of a setting stand beside it, in settings.py and defaults.toml; the life of a STAR is found by living it.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from typer.main import get_command
from typer.testing import CliRunner

from starbot.cli.main import app
from starbot.core.facts import IssueRef, MessageRef, OnCall, Person, Ticket
from starbot.duties.stars import model
from starbot.duties.stars.form import Form, FormProblem
from starbot.settings import Env, variable, where

TOP = Path(__file__).parents[1]
DEFAULTS = TOP / "src" / "starbot" / "defaults.toml"
GENERATED = "<!-- Written by docs/generate.py: `make docs` -->\n\n"

CONFIGURATION = """\
# Configuration

Secrets and addresses are environment variables. Everything that an organisation names (channels,
emoji, macros, labels, schedules, hours) is in a TOML file. Both are read once, at the start; all
complaints are made at once, each with the key and the mend.

## Environment variables

They may stand in a file `.env` in the working folder (`.env.example` is one to begin with); the
environment wins over it.

{table}

## Names: `starbot.toml`

GitLab Support's own names are the defaults, so its set-up needs no file. Elsewhere write what
differs into `starbot.toml` in the working folder: a table there is merged into the default one, a
list replaces it. An unknown key is a complaint, not a surprise. For example:

```toml
[slack]
star_channel = "escalations"

[gitlab]
project = "my-group/stars"
```

These are the defaults:

```toml
{defaults}```

## People: `people.yml`

`STARBOT_PEOPLE` names a YAML list of the managers with their ids in the four systems. What is
missing is looked up by e-mail address where a system can; a manager whose GitLab name is not known
is not assigned to issues, and the card says so. Who is to be made the assignee of a ticket (*I'll take it*) needs
`zendesk`, the number in the address of their page there; engineers may stand in the list too.

```yaml
- name: Lena Vogt
  email: lena.vogt@example.com
  slack: U0LENA
  gitlab: lvogt
  pagerduty: PLENA
  zendesk: 4003
  region: EMEA
```
"""


def environment_table() -> str:
    """One row a variable: what it is, whether it must be set, where to get it."""
    rows = ["| variable | what it is | default | where to get it |", "|-|-|-|-|"]
    for name, field in Env.model_fields.items():
        rows.append(f"| `{variable(name)}` | {field.description} | {default_of(name)} | {where(name)} |")
    return "\n".join(rows) + "\n\n" + SLACK + ZENDESK


SLACK = (
    "Slack needs `SLACK_APP_TOKEN` (Socket Mode) or `SLACK_SIGNING_SECRET` with `STARBOT_LISTEN` (HTTP mode, see\n"
    "[http.md](http.md)); with both the bot hears either way.\n\n"
)
ZENDESK = (
    "Zendesk needs either `ZENDESK_CLIENT_ID` and `ZENDESK_CLIENT_SECRET` (OAuth, the way that lasts) or\n"
    "`ZENDESK_EMAIL` and `ZENDESK_TOKEN`."
)


def default_of(name: str) -> str:
    """What holds where the variable is not set."""
    field = Env.model_fields[name]
    if field.is_required():
        return "must be set"
    return f"`{field.default}`" if isinstance(field.default, str) and field.default else "none"


USUAL = ("slack_app_token", "zendesk_client_id", "zendesk_client_secret")
"""What most installations set, though there is another way."""


def example_environment() -> str:
    """.env.example: what must be set first, what may be set after it as comments."""
    lines = [
        "# Copy to .env and fill in; docs/configuration.md tells of the rest. Written by `make docs`.",
        "",
    ]
    for name, field in Env.model_fields.items():
        extra = field.json_schema_extra
        example = str(extra["example"]) if isinstance(extra, dict) else ""
        wanted = field.is_required() or name in USUAL
        value = example or (str(field.default) if isinstance(field.default, str) else "")
        lines += [f"# {field.description}", *([f"# Where to get it: {where(name)}."] if where(name) else [])]
        lines += [f"{'' if wanted else '# '}{variable(name)}={value}", ""]
    return "\n".join(lines)


def command_reference() -> str:
    """docs/cli.md: what --help says, of starbot and of each of its commands."""
    parts = ["# Commands\n"]
    for arguments in [[], *([name] for name in get_command(app).commands)]:  # type: ignore[attr-defined]
        result = CliRunner().invoke(
            app, [*arguments, "--help"], prog_name="starbot", terminal_width=100, max_content_width=100
        )
        parts.append(f"## {' '.join(['starbot', *arguments])}\n\n```text\n{result.output.strip()}\n```\n")
    return "\n".join(parts)


# -- the life of a STAR

LIFECYCLE = """\
# The life of a STAR

An event adds a fact to a STAR, and its status follows from the facts. Which event may add its fact in which
status stands in one table, `TABLE` in `src/starbot/duties/stars/model/rules.py`. This page is made by letting every
kind of event happen to a STAR in every status that can be reached.

```mermaid
stateDiagram-v2
{diagram}
```

{meanings}

## What each event does in each status

The cells name the rules in `model/rules.py`; a dot means that the event changes nothing there.

{table}
"""

_AT = datetime(2026, 11, 17, 14, tzinfo=UTC)
_LENA = Person(name="Lena Vogt", slack="U0LENA", gitlab="lvogt")
_POST = MessageRef(channel="C0STARS", ts="1794924000.000100")
_ANSWERS: dict[str, Any] = dict.fromkeys(Form.model_fields, "")
_GOOD = Form.model_validate(
    _ANSWERS | {"ticket": 123456, "urgency": "Urgent", "initiator": None, "is_license": None, "problems": ()}
)
_NO_TICKET = FormProblem(field="ticket", kind="no_ticket", seen="")
_BAD = _GOOD.model_copy(update={"ticket": None, "problems": (_NO_TICKET,)})
_OTHER = _GOOD.model_copy(update={"ticket": 123457})
_POLICY = model.Policy(urgency_minutes={"Urgent": 30}, regions=())
_FIELDS: dict[str, Any] = {
    "root": _POST,
    "ref": MessageRef(channel="C0STARS", ts="1794924001.000100"),
    "ticket": Ticket(id=123456, subject="It is slow", status="open", created_at=_AT, updated_at=_AT),
    "number": 123456,
    "problem": "ticket_closed",
    "oncall": OnCall(managers=(_LENA,), source="live"),
    "issue": IssueRef(project="stars", iid=1, id=1, url="https://gitlab.example.com/1"),
    "changes": (),
    "channel": "C0STARS",
    "meaning": "acknowledge",
    "where": "thread",
    "agreed": "yes",
    "by": _LENA,
    "user": "U0LENA",
    "text": "Anna calls them at 16:00.",
    "key": "star:note_ticket:0",
    "effect": "note_ticket",
    "service": "zendesk",
    "reason": "forbidden",
    "deed": "acknowledge",
}


def star_events() -> Iterator[model.StarEvent]:
    """One event of each kind; of those with a form one that can be read, one that cannot, one about another
    ticket."""
    for kind in get_args(get_args(model.AnyEvent)[0]):
        wanted = [name for name, field in kind.model_fields.items() if field.is_required() or name in _FIELDS]
        given = {name: _FIELDS.get(name, "") for name in wanted} | {"id": "e", "at": _AT}
        for form in (_GOOD, _BAD, _OTHER) if "form" in wanted else (None,):
            yield kind(**(given | {"form": form} if form else given))


def moves() -> dict[tuple[str, str], list[str]]:
    """Every change of status that can be reached, with the kinds of event that make it."""
    found: dict[tuple[str, str], list[str]] = {}
    rival = model.decide(None, next(star_events()), None, _POLICY)
    assert rival is not None and isinstance(rival.case, model.Star)
    waiting: list[model.Star | None] = [None]
    known: set[str] = set()
    while waiting:
        star = waiting.pop(0)
        for event, other in ((e, o) for e in star_events() for o in (None, rival.case)):
            if other is not None and model.claim(star, event) is None:
                continue
            decision = model.decide(star, event, other, _POLICY)
            after = decision.case if decision else None
            if not isinstance(after, model.Star):
                continue
            pair = (star.status if star else "[*]", after.status)
            kind = str(event.kind).replace("_", " ")  # type: ignore[attr-defined]
            if pair[0] != pair[1] and kind not in found.setdefault(pair, []):
                found[pair].append(kind)
            if (looks := _looks(after)) not in known:
                known.add(looks)
                waiting.append(after)
    order = ("[*]", *model.STATUSES)
    return dict(sorted(found.items(), key=lambda move: [order.index(status) for status in move[0]]))


def _looks(star: model.Star) -> str:
    """What the status can follow from: STARs that look alike go on alike."""
    facts = (
        star.form.problems,
        star.ticket_problem,
        star.ticket,
        star.card,
        star.acknowledged,
        star.waiting,
        star.resolution,
        star.unstarring,
        star.withdrawal,
    )
    return f"{star.status} {[bool(fact) for fact in facts]}"


def lifecycle() -> str:
    """docs/lifecycle.md."""
    diagram = [f"    {a} --> {b}: {', '.join(kinds)}" for (a, b), kinds in moves().items() if kinds]
    meanings = re.findall(r"^    (\w+) +(\S.*)$", model.__doc__ or "", re.MULTILINE)
    rows = ["| event | " + " | ".join(model.STATUSES) + " |", "|-" * (len(model.STATUSES) + 1) + "|"]
    for kind, rules in model.TABLE.items():
        names = [rules[status].__name__.strip("_").replace("_", " ") for status in model.STATUSES]
        rows.append(
            f"| {kind.replace('_', ' ')} | {' | '.join('·' if n == 'nothing' else n for n in names)} |"
        )
    return LIFECYCLE.format(
        diagram="\n".join([*diagram, *(f"    {status} --> [*]" for status in model.CLOSED)]),
        meanings="\n".join(f"- **{status}**: {meaning}" for status, meaning in meanings),
        table="\n".join(rows),
    )


def documents() -> dict[Path, str]:
    """Each generated file with what it must hold."""
    configuration = CONFIGURATION.format(table=environment_table(), defaults=DEFAULTS.read_text("utf-8"))
    return {
        TOP / "docs" / "configuration.md": GENERATED + configuration,
        TOP / "docs" / "cli.md": GENERATED + command_reference(),
        TOP / "docs" / "lifecycle.md": GENERATED + lifecycle(),
        TOP / ".env.example": example_environment(),
    }


def stale() -> list[str]:
    """The generated files that are not what the code says."""
    return [
        str(path.relative_to(TOP))
        for path, text in documents().items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]


def main() -> int:
    """Write the documents, or with --check say which are stale."""
    if "--check" in sys.argv[1:]:
        for name in stale():
            print(f"{name} is stale: run `make docs`.", file=sys.stderr)
        return 1 if stale() else 0
    for path, text in documents().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
