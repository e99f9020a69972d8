"""What people read is true: the tests, commands and files named exist, the rights are the manifest's."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from starbot.cli.main import app

TOP = Path(__file__).parents[2]
PROSE = [TOP / "README.md", TOP / "CONTRIBUTING.md", *(TOP / "docs").rglob("*.md")]
# What a person makes, or the tests write.
NOT_IN_THE_TREE = {".env", "starbot.toml", "starbot.db", "people.yml", ".ci/run"}


def name_of(path: Path) -> str:
    return str(path.relative_to(TOP))


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def test_every_story_that_the_duties_name_is_a_test() -> None:
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", text_of(TOP / "docs" / "duties.md"))
    assert len(named) > 10
    for file, name in named:
        functions = [
            node for node in ast.parse(text_of(TOP / file)).body if isinstance(node, ast.FunctionDef)
        ]
        assert name in {function.name for function in functions}, f"{file}::{name}"


def test_every_duty_has_a_story_or_is_not_there_yet() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| ?(.*?) ?\|$", text_of(TOP / "docs" / "duties.md"), re.MULTILINE)
    duties = [row for row in rows if row[0] != "duty"]
    assert len(duties) > 25
    assert [duty for duty, way, story in duties if not story and "*not yet*" not in way] == []


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_every_command_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(TOP / "Makefile"), re.MULTILINE))
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    text = text_of(path)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"(?:`|&& )starbot ([a-z]+)\b", text)) <= commands


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = text_of(path)
    linked = {(path.parent / link).resolve() for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)}
    quoted = re.findall(
        r"`((?:src|tests|docs|locks|bench|deploy|\.ci)/[\w./-]*|[\w.-]+\.(?:yml|md|toml))`", text
    )
    assert {str(link) for link in linked if not link.exists()} == set()
    missing = {
        name for name in quoted if not any((top / name).exists() for top in (TOP, TOP / "src/starbot"))
    }
    assert missing <= NOT_IN_THE_TREE


def test_the_rights_that_the_readme_lists_are_those_of_the_manifest() -> None:
    asked = yaml.safe_load(text_of(TOP / "manifest.yml"))["oauth_config"]["scopes"]["bot"]
    rows = re.findall(r"^\| Slack \| (.+?) \|", text_of(TOP / "README.md"), re.MULTILINE)
    listed = [scope for row in rows for scope in re.findall(r"`([\w:.]+)`", row)]
    assert sorted(listed) == sorted([*asked, "connections:write"])
