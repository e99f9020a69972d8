"""`starbot show`: what happened to a STAR, read beside a running bot; without a name the STARs that are open."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from starbot import settings
from starbot.archive import Archive, Star, Told
from starbot.cli.run import complain
from starbot.errors import SetupError

TRY = (
    "Try a ticket number (123456), a STAR's id (star-xxxxxxxx), the address of its issue, or nothing at all."
)


def show(reference: str | None, as_json: bool) -> int:
    """Print what is known. The exit status: 1 where nothing is, 2 when the set-up must be mended."""
    try:
        archive = Archive(settings.load().env.database_url)
        try:
            return _show_open(archive, as_json) if reference is None else _show(archive, reference, as_json)
        finally:
            archive.close()
    except SetupError as error:
        complain(error, "starbot cannot look")
        return 2


def _show(archive: Archive, reference: str, as_json: bool) -> int:
    found = archive.find(reference)
    if as_json:
        print(json.dumps([_as_json(told) for told in found], ensure_ascii=False, indent=2))
    elif found:
        print("\n\n".join("\n".join(_lines(told)) for told in found))
    if not found:
        print(f"No STAR is known as {reference}. {TRY}", file=sys.stderr)
    return 0 if found else 1


def _show_open(archive: Archive, as_json: bool) -> int:
    stars = archive.open_stars()
    if as_json:
        print(json.dumps([_facts(star) for star in stars], ensure_ascii=False, indent=2))
    else:
        print("\n".join(_rows(stars)) or "No STAR is open.")
    return 0


def _lines(told: Told) -> Iterator[str]:
    star = told.star
    yield f"{star.id}  {_title(star)}: {star.status}"
    for name, value in _links(star).items():
        yield f"  {name:<8} {value}"
    if told.blanked:
        yield f"  blanked  {told.blanked}"
    yield from (f"  missing  {sentence}" for sentence in told.missing)
    day = None
    for line in told.history:
        if line.at.date() != day:
            day = line.at.date()
            yield f"  {day:%A, %Y-%m-%d} (UTC)"
        yield f"  {line.at:%H:%M}  {line.sentence}"


def _title(star: Star) -> str:
    customer = (star.ticket.organisation if star.ticket else None) or star.form.customer
    ticket = f"ticket {star.form.ticket}" if star.form.ticket else "ticket unreadable"
    return ", ".join(filter(None, (ticket, " ".join(customer.split()), star.form.urgency or "")))


def _links(star: Star) -> dict[str, str]:
    """What leads to the STAR in the other systems, as far as it is known."""
    oncall = ", ".join(person.name for person in star.oncall.managers) if star.oncall else ""
    facts = {
        "issue": star.issue.url if star.issue else "",
        "thread": f"channel {star.root.channel}, message {star.root.ts}" if star.root else "",
        "reply by": f"{star.deadline:%Y-%m-%d %H:%M} UTC" if star.deadline else "",
        "on call": oncall,
        "manager": star.acknowledged.by.name if star.acknowledged else "",
        "same as": star.linked_to.case_id if star.linked_to else "",
    }
    return {name: value for name, value in facts.items() if value}


def _rows(stars: Sequence[Star]) -> Iterator[str]:
    for star in stars:
        deadline = f"{star.deadline:%Y-%m-%d %H:%M} UTC" if star.deadline else "no deadline yet"
        who = star.acknowledged.by.name if star.acknowledged else "nobody looks yet"
        yield f"{deadline:<20}  {star.id}  {_title(star)}: {star.status}, {who}"


def _facts(star: Star) -> dict[str, Any]:
    return {
        "id": star.id,
        "status": star.status,
        "ticket": star.form.ticket,
        "title": _title(star),
        "filed_at": star.filed_at.isoformat(),
        "deadline": star.deadline.isoformat() if star.deadline else None,
        "links": _links(star),
    }


def _as_json(told: Told) -> dict[str, Any]:
    lines = [{"at": line.at.isoformat(), "sentence": line.sentence} for line in told.history]
    blanked_at = told.star.blanked_at
    return {
        **_facts(told.star),
        "blanked_at": blanked_at.isoformat() if blanked_at else None,
        "missing": told.missing,
        "history": lines,
    }
