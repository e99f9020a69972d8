"""The page's files: served with a policy that lets nothing else run, and nothing in them that it would forbid."""

import re
from pathlib import Path

import pytest

from starbot_sandbox import page
from tests.sandbox.desk import Desk

FILES = sorted(path.name for path in page.FOLDER.iterdir() if path.suffix in page.TYPES)
SCRIPTS = [path for path in sorted(page.FOLDER.glob("*.js"))]


def test_the_page_is_served_with_a_policy_under_which_nothing_else_runs(desk: Desk) -> None:
    answer = desk.http.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_as_what_it_is(desk: Desk, name: str) -> None:
    answer = desk.http.get(f"/page/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == page.TYPES[Path(name).suffix]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["__init__.py", "..%2fserver.py", "%2e%2e/gate.py", "nothing.js", "page.css.map"]
)
def test_no_other_file_is_served(desk: Desk, name: str) -> None:
    assert desk.http.get(f"/page/{name}").status_code == 404


def test_everything_that_the_page_loads_is_there_and_loaded_at_once() -> None:
    index = (page.FOLDER / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:href|src)="/page/([^"]+)"', index))
    assert named == set(FILES) - {"index.html"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_reads_text_as_html(path: Path) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc"
    )
    assert not re.search(forbidden, path.read_text("utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_begins_by_saying_what_it_is_for(path: Path) -> None:
    assert path.read_text("utf-8").startswith("// ")


def test_the_page_asks_nothing_but_the_controls() -> None:
    text = "".join(path.read_text("utf-8") for path in SCRIPTS)
    assert set(re.findall(r"(?:fetch|EventSource)\(`?\"?(/\w+)", text)) == {"/_sandbox"}


def test_it_weighs_less_than_150_kilobytes() -> None:
    assert sum((page.FOLDER / name).stat().st_size for name in FILES) < 150_000
