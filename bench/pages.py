"""From PagerDuty to Slack: how soon the post that follows a page says who answered, by webhook and by looks."""

import statistics
from collections.abc import Callable
from typing import Literal

from bench.figures import Chapter, Figure, spread
from bench.stand import (
    MANAGERS,
    TICKETS,
    VENDOR_DELAYS_S,
    WEBHOOK_SECRET,
    Row,
    Stand,
    began_ms,
    ended_ms,
    is_call,
)

SLACK_MS = 1000 * VENDOR_DELAYS_S["slack"]
LOOK_MS = 5000
"""The default of `paging.poll_seconds`."""
WITHIN_MS = 1000
VOLUNTEER = "Grace Wu"
CHANNEL = "C0MANAG"

By = Literal["webhook", "looks"]


def measure(stand: Stand, database: str, times: int, by: By) -> Chapter:
    """One page, which somebody acknowledges and gives back again and again."""
    if by == "webhook":
        address = f"http://{stand.listen}/webhooks/pagerduty"
        stand.post("pagerduty/subscribe", url=address, secret=WEBHOOK_SECRET)
    incident = _paged(stand)
    stand.slow(VENDOR_DELAYS_S)
    took = [_followed(stand, incident, by, n) for n in range(times)]
    most = SLACK_MS + WITHIN_MS + (LOOK_MS if by == "looks" else 0)
    meaning = (
        "Somebody acknowledges a page, or gives it back, in PagerDuty: from there to the `chat.update` served that "
        f"says so, Slack's own {SLACK_MS:.0f} ms among it. By webhook from the delivery, by looks (every "
        f"{LOOK_MS / 1000:.0f} s) from the press in PagerDuty, which then takes "
        f"{VENDOR_DELAYS_S['pagerduty'] * 1000:.0f} ms a look."
    )
    what = f"{database}, by {by}, {times} times"
    figures = [Figure(what, spread(took), f"max ≤ {most:.0f} ms", max(took) <= most)]
    if by == "webhook":
        beyond = statistics.median(took) - SLACK_MS
        figures.append(Figure(f"{database}, the median beyond Slack's time", f"{beyond:.0f} ms"))
    return Chapter("Who answered a page", meaning, figures)


def _paged(stand: Stand) -> str:
    """A manager pages the backup pool; the incident's id once the post follows it."""
    since, user = stand.last(), MANAGERS[0]
    text = f"backup ZD#{TICKETS[0]} A second emergency."
    stand.post("slack/command", user=user, channel=CHANNEL, command="/star-page", text=text)
    stand.until(_shows("Page them now"), since=since)
    view = stand.get("slack/views", user=user)[-1]
    stand.post("slack/submit", user=user, view_id=view["id"], values={})
    stand.until(_shows("Nobody has answered yet"), since=since)
    stand.settle(but="pagerduty")
    return str(stand.get("state")["pagerduty"]["incidents"][-1]["id"])


def _followed(stand: Stand, incident: str, by: By, n: int) -> float:
    """Milliseconds from the press, or from the webhook of it, to the post that says so."""
    since = stand.last()
    action, said = ("unacknowledge", "Nobody has answered yet") if n % 2 else ("acknowledge", "answered.")
    more = {} if n % 2 else {"user": VOLUNTEER}
    began = stand.now_ms()
    stand.post("pagerduty/act", incident=incident, action=action, **more)
    shown = stand.until(_shows(said), since=since)[0]
    stand.settle(but="pagerduty")
    if by == "webhook":
        began = began_ms(next(filter(_is_webhook, stand.rows(since))))
    return ended_ms(shown) - began


def _shows(text: str) -> Callable[[Row], bool]:
    """Whether a row is a call by which Slack shows this text."""
    methods = ("chat.postMessage", "chat.update", "views.open", "views.update")
    return lambda row: any(is_call(row, one) for one in methods) and text in str(row["request"])


def _is_webhook(row: Row) -> bool:
    return row["kind"] == "delivery" and bool(row["service"] == "pagerduty")
