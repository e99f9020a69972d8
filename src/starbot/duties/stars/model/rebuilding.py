"""A STAR that the database lost or knows an older state of, read again from what the four systems kept of it.

The notes on its issue tell what people did, in order. What was written in the past is counted as asked for, so that
nothing of it is written anew; only what is read, or looked for before it is written, is asked for again.
"""

from typing import Any

from starbot.core.hours import region_at
from starbot.duties.stars.model.changes import deadline
from starbot.duties.stars.model.events import Rebuilt
from starbot.duties.stars.model.star import (
    Acknowledgement,
    Line,
    News,
    Policy,
    Question,
    Remark,
    Resolution,
    Star,
    Withdrawal,
    handle,
)

GAP = 100
"""Words to one person leave no trace that can be counted: new ones are numbered from here."""


def rebuilt(event: Rebuilt, policy: Policy) -> Star:
    """The STAR of a lost database."""
    region = region_at(event.at, policy.regions)
    refs = [one for one in (event.root, event.card, event.reply) if one is not None]
    star = Star(
        id=event.star_id,
        root=event.root,
        channel=event.channel,
        form=event.form,
        edited_ts=event.edited_ts,
        handles=tuple(dict.fromkeys(handle(one.channel, one.ts) for one in refs)),
        filed_at=event.at,
        region=region.name if region else "",
        deadline=deadline(event.at, event.form, policy),
        readings=1,
        remarks=(Remark(kind="thread"),),
        issue=event.issue,
        card=event.card,
        reply=event.reply,
        whispers_before=GAP,
    )
    return _recalled(star, event)


def recall(star: Star, event: Rebuilt, policy: Policy) -> Star:
    """What the issue tells beyond what is known; of a STAR that knows as much, nothing."""
    return star if len(event.remarks) <= len(star.remarks) else _recalled(star, event)


def standing(event: Rebuilt) -> dict[str, Any]:
    """How the STAR stands after its notes: who looks, what they made of it, what was asked, how it ended."""
    stands: dict[str, Any] = dict.fromkeys(_ENDS)
    stands |= {"acknowledged": None, "triage": None, "waiting": None}
    for said, at in zip(event.remarks, event.remarked_at, strict=True):
        who: dict[str, Any] = {"by": said.by, "at": at}
        if said.kind == "acknowledged":
            stands["acknowledged"] = Acknowledgement(**who, mark=event.mark)
        elif said.kind == "triaged" and said.triage is not None:
            stands["triage"] = said.triage
        elif said.kind == "asked":
            where: Any = "thread" if event.lines else "issue"
            stands["waiting"] = Question(**who, text=said.text, where=where)
        elif said.kind in ("answered", "fact"):
            stands["waiting"] = None
        elif said.kind in ("undone", "reopened"):
            stands |= dict.fromkeys(_ENDS)
        elif said.kind == "disposition":
            stands |= {"waiting": None, "resolution": Resolution(**who, undo_lapsed=True)}
        elif said.kind == "unstarred" and said.unstarring is not None:
            stands |= {"waiting": None, "unstarring": said.unstarring}
        elif said.kind == "withdrawn":
            stands |= {"waiting": None, "withdrawal": Withdrawal(**who, text=said.text)}
    return stands | {"waiting": None} if event.is_answered else stands


_ENDS = ("resolution", "unstarring", "withdrawal")


def _recalled(star: Star, event: Rebuilt) -> Star:
    kinds = [said.kind for said in event.remarks]
    stands = standing(event)
    asks = tuple(said for said in event.remarks if said.kind == "public")
    news = max(len(star.news), event.news, 1 + bool(stands["acknowledged"]) + kinds.count("asked"))
    lines = max(len(star.lines), event.lines)
    is_offered = bool(lines) and stands["acknowledged"] is None
    known = {
        **stands,
        "remarks": event.remarks or star.remarks,
        "news": star.news + (News(kind="filed"),) * (news - len(star.news)),
        "lines": star.lines + (Line(kind="fact"),) * (lines - len(star.lines)),
        "questions": max(star.questions, kinds.count("disposition")),
        "public_asks": asks,
        "macro_done": star.macro_done or bool(asks),
        "seen": event.seen,
        "offered_at": star.offered_at or (event.at if is_offered else None),
        "wished": star.wished
        | {
            "note_issue": len(event.remarks),
            "tell_initiator": news,
            "post_line": lines,
            "send_publicly": len(asks),
            "apply_macro": max(star.wished.get("apply_macro", 0), int(bool(asks))),
        },
    }
    return star.model_copy(update=known)
