"""What texts of a closed STAR stay when the rest is blanked: what tells messages, people and happenings apart, and
what a report counts. Ticket, urgency, region, labels and every moment stay; names, answers and words do not.
"""

from starbot.core.retention import Kept
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.events import MarkRemoved, ReadInitiator, Rebuilt, StarEvent, Unstarred
from starbot.duties.stars.model.star import (
    Acknowledgement,
    Resolution,
    Seen,
    Star,
    Triage,
    Trouble,
    Twin,
    Unstarring,
    Whispered,
)

KEPT: Kept = {
    Star: ("channel", "edited_ts", "region", "settled"),
    Form: ("urgency", "initiator"),
    Acknowledgement: ("mark",),
    Resolution: ("mark",),
    Triage: ("category",),
    Unstarring: ("reason",),
    Trouble: ("key", "effect", "reason", "reference"),
    Seen: ("ts", "user", "name", "at"),
    Twin: ("case_id", "issue_url"),
    Whispered: ("user", "view"),
    StarEvent: ("user", "view", "channel", "edited_ts", "category", "key"),
    Rebuilt: ("star_id", "mark"),
    MarkRemoved: ("name", "ts"),
    Unstarred: ("reason",),
    ReadInitiator: ("user",),
}
