"""What `/star list` and `/star show` cost when the books are full: the answer is in the acknowledgement itself.

A pure measurement without sandbox or bot: STARs are put into a database of their own, and the command is called
as a listener calls it. `python -m bench.lookup` prints it.
"""

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starbot.core.facts import MessageRef, Person
from starbot.duties.stars import model
from starbot.duties.stars.commands import StarCommand
from starbot.duties.stars.form import Form
from starbot.duties.stars.model import Star
from starbot.duties.stars.words import Look
from starbot.engine.store import Store
from starbot.stored import StoredStars

NOW = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
MANAGER, INITIATORS, TIMES = "U0LENA", 50, 9
STEPS = ((100, 100), (100, 20_000), (2_000, 20_000))
"""Open and closed STARs; the first is what the others are compared with."""
WORDS = "They go live tomorrow morning and the upgrade is blocked. " * 20


class OneManager:
    """A roster of one."""

    def manager(self, user: str) -> Person | None:
        """Who this is, if they are the manager."""
        return Person(name="Lena Vogt", slack=MANAGER) if user == MANAGER else None


def fill(store: Store, number_open: int, number_closed: int) -> None:
    """STARs as they are stored, the open ones first."""
    with store.transaction() as books:
        for number in range(number_open + number_closed):
            star = _star(number, is_open=number < number_open)
            values = star.model_dump(include={"status", "version", "claim", "subject"})
            row = {**values, "duty": model.DUTY, "next_due": None, "changed_at": NOW.isoformat()}
            books.insert_case(star.id, {**row, "body": star.model_dump_json()})


def _star(number: int, is_open: bool) -> Star:
    form = Form.model_validate(
        {
            "ticket": number,
            "ticket_raw": str(number),
            "urgency": "Urgent",
            "urgency_raw": "Urgent",
            "customer": "Aurora Robotics",
            "plan": "Ultimate",
            "product": "Self-Managed",
            "group": "",
            "reason": WORDS,
            "desired_result": WORDS,
            "initiator": f"U{number % INITIATORS}",
            "initiator_raw": "",
            "is_license": None,
            "problems": (),
        }
    )
    return Star(
        id=f"star-{number:06}",
        status="announced" if is_open else "resolved",
        claim=f"ticket:{number}" if is_open else None,
        subject=f"ticket:{number}",
        root=MessageRef(channel="C0STARS", ts=f"{1794924000 + number}.000100"),
        form=form,
        filed_at=NOW,
        region="EMEA",
        deadline=NOW + timedelta(minutes=number * 7919 % 10_000),
    )


def measure(folder: Path, number_open: int, number_closed: int) -> dict[str, float]:
    """The median of each command in milliseconds."""
    store = Store(f"sqlite:///{folder / f'{number_open}-{number_closed}.db'}")
    store.migrate()
    fill(store, number_open, number_closed)
    look = Look(team_url="https://team.slack.com/", ticket_link="https://z.example/agent/tickets/{ticket}")
    command = StarCommand(StoredStars(store), OneManager(), lambda: look)  # type: ignore[arg-type]
    asked = {"list": (MANAGER, "list"), "own list": ("U7", "list"), "show": (MANAGER, "show 99")}
    found = {}
    for name, (user, text) in asked.items():
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            command({"user_id": user, "text": text})
            took.append((time.perf_counter() - began) * 1000)
        found[name] = statistics.median(took)
    store.close()
    return found


def main() -> int:
    """Prints each step and its ratio to the first."""
    with tempfile.TemporaryDirectory(prefix="starbot-lookup-") as folder:
        first: dict[str, float] = {}
        for number_open, number_closed in STEPS:
            found = measure(Path(folder), number_open, number_closed)
            first = first or found
            figures = (f"{name} {ms:.1f} ms (× {ms / first[name]:.1f})" for name, ms in found.items())
            print(f"{number_open} open, {number_closed} closed: {' · '.join(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
