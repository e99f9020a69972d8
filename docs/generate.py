"""Writes what can be known from the code: docs/configuration.md, docs/cli.md and .env.example.

`python docs/generate.py` writes them, `--check` only says which are stale (exit status 1). The words
of a setting stand beside it, in settings.py and defaults.toml.
"""

import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from starbot.cli.main import app
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
is not assigned to issues, and the card says so.

```yaml
- name: Lena Vogt
  email: lena.vogt@example.com
  slack: U0LENA
  gitlab: lvogt
  pagerduty: PLENA
  region: EMEA
```
"""


def environment_table() -> str:
    """One row a variable: what it is, whether it must be set, where to get it."""
    rows = ["| variable | what it is | default | where to get it |", "|-|-|-|-|"]
    for name, field in Env.model_fields.items():
        rows.append(f"| `{variable(name)}` | {field.description} | {default_of(name)} | {where(name)} |")
    return "\n".join(rows) + "\n\n" + ZENDESK


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


def example_environment() -> str:
    """.env.example: what must be set first, what may be set after it as comments."""
    lines = [
        "# Copy to .env and fill in; docs/configuration.md tells of the rest. Written by `make docs`.",
        "",
    ]
    for name, field in Env.model_fields.items():
        extra = field.json_schema_extra
        example = str(extra["example"]) if isinstance(extra, dict) else ""
        wanted = field.is_required() or name in ("zendesk_client_id", "zendesk_client_secret")
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


def documents() -> dict[Path, str]:
    """Each generated file with what it must hold."""
    configuration = CONFIGURATION.format(table=environment_table(), defaults=DEFAULTS.read_text("utf-8"))
    return {
        TOP / "docs" / "configuration.md": GENERATED + configuration,
        TOP / "docs" / "cli.md": GENERATED + command_reference(),
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
