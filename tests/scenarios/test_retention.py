"""The text of a STAR that was closed long ago leaves the database by itself; what counts and tells apart stays."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from starbot.cli.show_case import show
from starbot.duties.stars.model import Star, handle
from starbot.engine.database import normal_url
from tests.printed import printed
from tests.sandbox.desk import Desk
from tests.scenarios.managing import REOPEN, card, state_of
from tests.stage import LENA, STARS, TICKET, Stage

pytestmark = pytest.mark.long

REASON = "Reason this ticket needs additional attention"
HOSTILE = "<!channel> /close @all qwertz"
WRITTEN = ("qwertz", "Aurora Robotics", "Lena Vogt", "Casey Lin", "Anna calls them", "lvogt")
"""What the form, the ticket and people said of the STAR that ends."""
OPEN = 123457
OPEN_SAYS = "asdfgh"
SETTINGS = """
[retention]
days = 7
"""


@pytest.fixture
def kept(bots_desk: Desk, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A bot that keeps text for a week, on either kind of database; commands of ours see what it sees."""
    bots_desk.post("reset", scenario="weekday")
    stage = Stage(bots_desk, tmp_path, database)
    monkeypatch.chdir(stage.folder)
    for name, value in stage.environ.items():
        monkeypatch.setenv(name, value)
    yield stage
    stage.stop()


def told(ticket: int = TICKET) -> str:
    """What `starbot show` says of it."""
    return printed(lambda: show(str(ticket), as_json=False)).out


def test_a_week_after_its_end_no_word_of_a_star_is_left_in_any_table_and_an_open_one_is_whole(
    kept: Stage,
) -> None:
    stage = kept
    stage.configure(SETTINGS)
    stage.start()
    opened = stage.announced(**{"Ticket": str(OPEN), REASON: OPEN_SAYS})
    root = _ended(stage)
    assert HOSTILE.rpartition(" ")[2] in _everything(stage)
    stage.passes(minutes=8 * 24 * 60)
    stage.until(lambda: "  blanked  " in told())
    assert f"ticket {TICKET}, Urgent: resolved" in told()
    assert "U0LENA resolved it by :green-check-mark:." in told()
    assert not [word for word in WRITTEN if word in told()]
    stage.presses(LENA, card(stage, root), REOPEN)
    stage.until(lambda: any("closed long ago" in text for text in stage.whispers(LENA)))
    assert (_star(stage, opened).form.reason, _star(stage, opened).blanked_at) == (OPEN_SAYS, None)
    assert state_of(stage, TICKET) == "closed" and "qwertz" in str(stage.issue())
    stage.quiet()
    assert stage.bot is not None
    stage.bot._engine.forget(older_than=timedelta(seconds=-1))
    stage.stop()
    left = _everything(stage)
    assert "qwertz" not in left and "Anna calls them" not in left
    assert f"ticket:{TICKET}" in left


def _ended(stage: Stage) -> str:
    """A STAR full of hostile answers that was resolved with a next step: the ts of its form post."""
    root = stage.announced(**{REASON: HOSTILE, "Desired result": HOSTILE, "Plan": HOSTILE})
    stage.reacts(LENA, root, "green-check-mark")
    question = stage.until(lambda: stage.question(LENA))
    stage.writes(LENA, "D0LENA", "Anna calls them.", question["ts"])
    stage.until(lambda: "Anna calls them." in str((stage.issue() or {})["notes"]))
    stage.passes(minutes=11)
    stage.until(lambda: "Labels by GitLab's own history" in told())
    return root


def _star(stage: Stage, root: str) -> Star:
    assert stage.bot is not None
    star = stage.bot._house.stars.by_handle(handle(STARS, root))
    assert star is not None
    return star


def _everything(stage: Stage) -> str:
    """Whatever the database holds, the durable engine's part included: every byte of the files, or every row."""
    address = stage.environ["DATABASE_URL"]
    if address.startswith("sqlite"):
        return "".join(path.read_bytes().decode("latin-1") for path in sorted(stage.folder.glob("*.db*")))
    engine = sa.create_engine(normal_url(address))
    with engine.connect() as connection:
        names = connection.execute(
            sa.text(
                "select table_schema, table_name from information_schema.tables where table_type = :base"
            ),
            {"base": "BASE TABLE"},
        ).all()
        rows = [
            str(row[0])
            for schema, name in names
            if schema not in ("pg_catalog", "information_schema")
            for row in connection.execute(sa.text(f'select t::text from "{schema}"."{name}" t'))
        ]
    engine.dispose()
    return "\n".join(rows)
