"""`starbot rebuild`: the STARs that the database lost, read again from GitLab and Slack."""

import sys
from collections.abc import Iterator, Mapping

from starbot import settings
from starbot.cli.run import complain
from starbot.core.text import one_line
from starbot.errors import ServiceError, SetupError
from starbot.rebuilding import Found, NotRebuilt, Outcome, Rebuilt, rebuild, standing

WHY: Mapping[str, str] = {
    "no_marker": "it does not carry the bot's marker: somebody took it out of the description, or opened the issue "
    "with the bot's token. Go on with it by hand.",
    "no_thread": "none of its links leads to the Slack thread that it was opened for. Go on with it by hand, or close "
    "it and file the STAR again.",
    "gone": "its form post or card is no longer in Slack, or the bot is not in that channel. Invite the bot and repeat "
    "this, or close the issue and file the STAR again.",
    "unreadable": "its form names no ticket or urgency that can be read. Edit the form post and repeat this, or close "
    "the issue and file the STAR again.",
    "taken": "another STAR for this ticket is open. Go on with that one, and close this issue.",
}


def rebuild_stars(do: bool) -> int:
    """Tell, or do it. The exit status: 1 where something is left for people, 2 where the set-up must be mended."""
    try:
        told = settings.load()
        print("Reading the bot's issues in GitLab and their threads in Slack ...", flush=True)
        outcome = rebuild(told, do, _tell)
    except SetupError as error:
        complain(error, "starbot cannot rebuild")
        return 2
    except ServiceError as error:
        print(
            f"A vendor does not answer ({error}). Nothing was begun; starbot doctor tells more.",
            file=sys.stderr,
        )
        return 1
    print("\n".join(_lines(outcome, do)))
    return 1 if outcome.found.not_rebuilt or not outcome.is_done else 0


def _tell(read: int, of: int) -> None:
    """One line that grows, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\rissue {read} of {of}", end="\n" if read == of else "", file=sys.stderr, flush=True)


def _lines(outcome: Outcome, do: bool) -> Iterator[str]:
    found = outcome.found
    for star in found.stars:
        yield f"{'rebuilt' if do else 'would rebuild'}  {_star(star)}: {star.issue.url}"
    for post in found.missed:
        number = f"ticket {post.form.ticket}" if post.form.ticket else "a form post that cannot be read"
        yield f"{'filed' if do else 'would file'}  {number}, posted {post.at:%Y-%m-%d %H:%M} UTC, which nobody answered"
    for one in found.not_rebuilt:
        yield _not_rebuilt(one)
    yield _summary(found, do)
    if not outcome.is_done:
        yield "Some of it waits for a vendor and goes on when the bot runs."
    if not do and (found.stars or found.missed):
        yield "Dry run: nothing was written. starbot rebuild --do does it."


def _star(star: Rebuilt) -> str:
    stands = standing(star)
    ended = next((end for end in ("resolution", "unstarring", "withdrawal") if stands[end]), None)
    who = stands["acknowledged"]
    state = {
        "resolution": "resolved",
        "unstarring": "unstarred",
        "withdrawal": "withdrawn",
        None: f"{one_line(who.by.name, 80)} is looking" if who else "nobody looks yet",
    }[ended]
    asked = ", waits for the initiator" if stands["waiting"] else ""
    triaged = ", triaged" if stands["triage"] and not ended else ""
    card = "" if star.card else ", its card is gone and is posted anew"
    return f"ticket {star.form.ticket}, {star.form.urgency}, {state}{triaged}{asked}{card}"


def _not_rebuilt(one: NotRebuilt) -> str:
    return f"not rebuilt  {one.url} ({one_line(one.title, 80)}): {WHY[one.why]}"


def _summary(found: Found, do: bool) -> str:
    done = "rebuilt" if do else "to rebuild"
    return (
        f"{len(found.stars)} {done}, {len(found.missed)} never filed before, {found.known} known already, "
        f"{len(found.not_rebuilt)} for people to look at."
    )
