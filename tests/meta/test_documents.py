"""The generated documents are what the code says, and every setting is one that something reads."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from starbot.settings import Env, variable

TOP = Path(__file__).parents[2]
SOURCE = TOP / "src" / "starbot"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("generate", TOP / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_generated_document_is_stale(generate: ModuleType) -> None:
    assert generate.stale() == []


def test_the_example_environment_has_every_variable_and_no_other() -> None:
    example = (TOP / ".env.example").read_text("utf-8")
    assert re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", example, re.MULTILINE) == [
        variable(field) for field in Env.model_fields
    ]


def keys(table: dict[str, object]) -> Iterator[str]:
    for key, value in table.items():
        rows = value if isinstance(value, list) else [value]
        inner = [row for row in rows if isinstance(row, dict)]
        for row in inner:
            yield from keys(row)
        yield key


def test_every_setting_is_read_somewhere() -> None:
    text = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path != SOURCE / "settings.py")
    own = (SOURCE / "settings.py").read_text("utf-8")
    names = {*keys(tomllib.loads((SOURCE / "defaults.toml").read_text("utf-8"))), *Env.model_fields}
    inside = {"config", "ticket_link", "pagerduty_webhook_secret"}  # read by settings.py itself
    unread = {name for name in names - inside if not re.search(rf"\.{name}\b", text)}
    assert not unread
    assert all(re.search(rf"\b{name}\b", own) for name in inside)


def test_the_wheel_carries_what_runs_without_a_checkout() -> None:
    build = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"] == {"manifest.yml": "starbot/manifest.yml"}
    assert (SOURCE / "defaults.toml").is_file()
    assert any((SOURCE / "engine" / "migrations" / "versions").glob("v*.py"))
