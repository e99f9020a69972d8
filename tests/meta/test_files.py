"""What holds for every file: it says what it is for, its name says something, and it keeps its layer."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PYTHON = sorted(
    path
    for folder in ("src", "tests", "docs", "bench")
    for path in (TOP / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
SOURCE = TOP / "src" / "starbot"
PURE = [
    SOURCE / "blocks.py",
    *(SOURCE / "core").rglob("*.py"),
    *(path for name in ("model", "words", "form", "webhook") for path in SOURCE.glob(f"duties/*/{name}.py")),
]
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(TOP))


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_file_begins_by_saying_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [name_of(path) for path in PYTHON if FORBIDDEN_NAMES & {*path.parts, path.stem}] == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_file_never_asks_what_time_it_is(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    names = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    assert not names & {"now", "utcnow", "today", "open", "read_text", "getenv"}


def imports_of(path: Path) -> set[str]:
    nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_only_services_and_the_connection_that_the_bot_opens_speak_to_slack() -> None:
    """import-linter sees no difference between slack_sdk's client and its blocks, which words may use."""
    speakers = {
        name_of(path)
        for path in SOURCE.rglob("*.py")
        for name in imports_of(path)
        if name.split(".")[0] == "slack_sdk" and not name.startswith("slack_sdk.models")
    }
    assert speakers == {"src/starbot/services/slack.py", "src/starbot/socket_mode.py"}


def test_blocks_are_built_by_words_and_by_what_they_are_made_of_alone() -> None:
    builders = {
        "words" if path.parent.name == "words" else path.stem
        for path in SOURCE.rglob("*.py")
        if any(name.startswith("slack_sdk.models") for name in imports_of(path))
    }
    assert builders == {"blocks", "words"}


def test_only_settings_reads_the_environment() -> None:
    readers = {
        name_of(path)
        for path in (TOP / "src").rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
    }
    assert readers <= {"src/starbot/settings.py", "src/starbot/cli/demo.py"}


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "build.txt"])
def test_a_lock_pins_by_hash_and_names_no_address(name: str) -> None:
    text = (TOP / "locks" / name).read_text("utf-8")
    assert "://" not in text
    pins = re.findall(r"^([a-z0-9.-]+)==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    entries = re.findall(r"^\S", text, re.MULTILINE)
    assert len(pins) == len(entries) > 0
    assert text.count("--hash=sha256:") >= len(pins)


def test_what_runs_is_pinned_to_what_was_tested() -> None:
    pins = {
        name: set(re.findall(r"^(\S+==\S+)", (TOP / "locks" / name).read_text(), re.MULTILINE))
        for name in ("run.txt", "dev.txt")
    }
    assert pins["run.txt"] <= pins["dev.txt"]
