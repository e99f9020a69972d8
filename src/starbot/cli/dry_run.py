"""`starbot run --dry-run`: what the bot would do with the last hours, line by line, and what it comes to."""

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta

from starbot import settings
from starbot.cli.run import complain
from starbot.core.text import one_line
from starbot.errors import ServiceError, SetupError
from starbot.rehearsal import Outcome, Would, rehearse

WHAT_LIMIT = 110
SYSTEMS = {"slack": "Slack", "gitlab": "GitLab", "zendesk": "Zendesk", "pagerduty": "PagerDuty"}

DEEDS: Mapping[str, str] = {
    "post": "post in #{where}: {what}",
    "post_and_show": "post in a thread of #{where}, shown in the channel too: {what}",
    "answer": "post in a thread of #{where}: {what}",
    "write_to": "write to {where}: {what}",
    "change_message": "change its message in #{where}: {what}",
    "whisper": "say to {where} alone: {what}",
    "react": "put :{what}: on a post in #{where}",
    "unreact": "take :{what}: off a post in #{where}",
    "open_view": "open the dialog {what}",
    "open_confidential_issue": "open an issue in {where} (confidential): {what}",
    "open_issue": "open an issue in {where}: {what}",
    "change_issue": "change {where}: {what}",
    "note_issue": "note {where}: {what}",
    "note_ticket": "note {where} (private): {what}",
    "raise_priority": "raise the priority of {where}: {what}",
    "assign_ticket": "assign {where} to the Zendesk user {what}",
    "take_ticket_back": "give {where} back to who had it before",
    "tag_ticket": "tag {where}: {what}",
    "reply_publicly": "write to the customer on {where}: {what}",
    "apply_macro": "apply the macro to {where}: {what}",
}
"""The words of each deed of the rehearsing services."""


def dry_run(hours: int) -> int:
    """Play the last hours. The exit status: 1 where something is missing, 2 where the set-up must be mended."""
    try:
        told = settings.load()
        print(
            f"Dry run over the last {hours} hours of #{told.slack.star_channel}: nothing is written anywhere.",
            flush=True,
        )
        outcome = rehearse(told, timedelta(hours=hours), lambda line: print(words(line), flush=True))
    except SetupError as error:
        complain(error)
        return 2
    except ServiceError as error:
        print(f"Slack does not answer ({error.what}). starbot doctor tells more.", file=sys.stderr)
        return 1
    print("\n".join(summary(outcome)))
    return 1 if _lacks(outcome) else 0


def words(line: Would) -> str:
    """One thing that would have been done."""
    what = one_line(line.what.strip().partition("\n")[0], WHAT_LIMIT)
    return f"would {DEEDS[line.deed].format(where=one_line(line.where, WHAT_LIMIT), what=what)}".rstrip(": ")


def summary(outcome: Outcome) -> Iterator[str]:
    """Who is on call, which STARs would be opened, how many writes that is, and what is missing."""
    run = outcome.rehearsed
    on_call = ", ".join(one_line(person.name, 80) for person in run.on_call.managers)
    yield f"\nOn call now: {on_call or 'nobody that can be found'}."
    yield f"STARs that would be opened: {len(run.stars) or 'none'}"
    for star in run.stars:
        number = f"ticket {star.form.ticket}" if star.form.ticket else "no ticket that can be read"
        yield f"  {star.filed_at:%a %H:%M} UTC  {number}, {star.form.urgency or 'no urgency'}: {star.status}"
    writes = ", ".join(f"{name} {outcome.writes[service]}" for service, name in SYSTEMS.items())
    yield f"Calls that would be made: {writes}."
    yield from _lacks(outcome)


def _lacks(outcome: Outcome) -> list[str]:
    run = outcome.rehearsed
    lines = [f"Missing: {complaint}" for complaint in run.missing]
    lines += [f"Missing: {SYSTEMS[service]} did not tell its names" for service in run.unknown]
    lines += [
        f"Missing for ticket {star.form.ticket}: {SYSTEMS[trouble.service]} "
        + ("did not answer" if trouble.delayed else f"refused ({trouble.reason.replace('_', ' ')})")
        + f": {trouble.effect.replace('_', ' ')}"
        for star in run.stars
        for trouble in star.troubles
    ]
    if not run.is_done:
        lines.append("Missing: some of it would be tried again later; this dry run did not wait for it.")
    return lines
