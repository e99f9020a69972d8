"""STARs and events to make examples of: one of every kind, at times that are easy to compare."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from starbot.core.case import Effect
from starbot.core.facts import IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.core.hours import Region
from starbot.duties.stars import model
from starbot.duties.stars.form import Form, FormProblem
from starbot.duties.stars.model import Policy, Seen, Star, StarEvent, Status, decide
from starbot.duties.stars.words import Look

NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
ROOT = MessageRef(channel="C1", ts="1794916800.000100")
CARD = MessageRef(channel="C1", ts="1794916801.000200", thread_ts=ROOT.ts)
REPLY = MessageRef(channel="C1", ts="1794916802.000300", thread_ts=ROOT.ts)
QUESTION = MessageRef(channel="D1", ts="1794916803.000400")
LENA = Person(name="Lena Vogt", slack="U1", gitlab="lvogt", pagerduty="P1")
TOMAS = Person(name="Tomas Novak", slack="U2", pagerduty="P2")
CASEY = Person(name="Casey Lin", slack="U9", gitlab="clin")
ANNA = Person(name="Anna Kowalska", slack="U7", gitlab="akowalska")
NEWS = MessageRef(channel="D9", ts="1794916804.000500")

POLICY = Policy(
    urgency_minutes={"Urgent": 30, "Timely": 60},
    regions=(Region("EMEA", "Europe/Amsterdam", "08:00", "18:00"),),
)
LOOK = Look(
    team_url="https://team.slack.com/",
    ticket_link="https://z.example/agent/tickets/{ticket}",
    fallback_group="S1",
    issue_description="{facts}\n\n{reason}\n\n{desired_result}",
    issue_labels=("Escalation::Response-Time",),
    categories=("Escalation::License-Issue", "Escalation::Response-Time"),
    plans=("Ultimate", "Premium"),
    products=("GitLab.com", "Self-Managed"),
    unstar_reasons=(("It is a real emergency", "The customer raises one."), ("Out of scope", "")),
    how_to_star="https://h.example/stars",
    emergency="https://h.example/emergency",
)
FORM = Form(
    ticket=123456,
    ticket_raw="123456",
    urgency="Urgent",
    urgency_raw="Urgent",
    customer="Aurora",
    plan="Ultimate",
    product="Self-Managed",
    group="",
    reason="They go live tomorrow.",
    desired_result="A call today.",
    initiator="U9",
    initiator_raw="@U9",
    is_license=False,
    problems=(),
)
UNREADABLE = FORM.model_copy(
    update={
        "ticket": None,
        "ticket_raw": "N/A",
        "problems": (FormProblem(kind="ticket_not_applicable", field="ticket", seen="N/A"),),
    }
)
OTHER = FORM.model_copy(update={"ticket": 123457, "ticket_raw": "123457"})
TICKET = Ticket(
    id=123456,
    subject="Backup fails",
    status="open",
    priority="high",
    organisation="Aurora Robotics",
    assignee_name="Anna Kowalska",
    created_at=NOON,
    updated_at=NOON,
)
ISSUE = IssueRef(
    project="stars",
    iid=7,
    id=70,
    url="https://g.example/stars/-/issues/7",
    labels=LOOK.issue_labels,
    assignee="lvogt",
)
LABELS = tuple(LabelChange(label=label, added=True, at=NOON, by="bot") for label in ISSUE.labels)
ONCALL = OnCall(managers=(LENA,), source="live", as_of=NOON)


def event(kind: str, **more: Any) -> StarEvent:
    """An event of this kind with everything it needs; what is given replaces that."""
    made = _KINDS[kind]
    values = {"id": f"an-{kind}", "at": NOON, "case_id": "star-1", **_WITH.get(kind, {}), **more}
    return made(**values)


def after(*events: StarEvent, rival: Star | None = None, policy: Policy = POLICY) -> Star:
    """The STAR after these events; the first one opens it."""
    return told(*events, rival=rival, policy=policy)[0]


def told(
    *events: StarEvent, rival: Star | None = None, policy: Policy = POLICY
) -> tuple[Star, tuple[Effect, ...]]:
    """The STAR after these events, and every effect that they asked for."""
    star: Star | None = None
    effects: tuple[Effect, ...] = ()
    for each in events:
        decision = decide(star, each, rival, policy)
        assert decision is not None
        star, effects = decision.case, effects + decision.effects  # type: ignore[assignment]
    assert star is not None
    return star, effects


def in_status(status: Status) -> Star:
    """A STAR as it usually is in this status."""
    posted = event("form_posted")
    answered = [event(kind) for kind in ("oncall_read", "ticket_read", "card_posted", "issue_seen")]
    acknowledged = [posted, *answered, event("acknowledged")]
    return {
        "incomplete": lambda: after(event("form_posted", form=UNREADABLE)),
        "submitted": lambda: after(posted),
        "announced": lambda: after(posted, *answered),
        "acknowledged": lambda: after(*acknowledged),
        "waiting_on_initiator": lambda: after(
            *acknowledged, event("initiator_named"), event("initiator_asked")
        ),
        "resolved": lambda: after(*acknowledged, event("resolved"), event("question_posted")),
        "unstarred": lambda: after(*acknowledged, event("unstarred")),
        "withdrawn": lambda: after(*acknowledged, event("withdrawn")),
        "linked": lambda: after(event("form_posted", id="form:C1:2"), rival=after(posted)),
    }[status]()


def _kinds() -> dict[str, type[StarEvent]]:
    events = get_args(get_args(model.AnyEvent)[0])
    return {one.model_fields["kind"].default: one for one in events}


_KINDS = _kinds()
KINDS = tuple(_KINDS)

_FAILED: dict[str, Any] = {"key": "star-1:apply_macro:0", "effect": "apply_macro", "service": "zendesk"}
_WITH: dict[str, dict[str, Any]] = {
    "form_posted": {"id": "form:C1:1", "root": ROOT, "form": FORM},
    "filed": {
        "id": "dialog:V1:meant",
        "case_id": "",
        "channel": "C1",
        "by": CASEY,
        "form": FORM,
        "view": "V1",
    },
    "rebuilt": {
        "id": "rebuilt:star-1:1",
        "star_id": "star-1",
        "root": ROOT,
        "form": FORM,
        "issue": ISSUE,
        "card": CARD,
        "remarks": (model.Remark(kind="thread"),),
        "remarked_at": (NOON,),
    },
    "form_completed": {"by": CASEY, "user": "U9", "form": FORM, "view": "V1"},
    "repeated": {"by": TOMAS, "user": "U2", "text": "It is worse now.", "view": "V1"},
    "initiator_claimed": {"by": CASEY, "user": "U9"},
    "initiator_told": {"id": "star-1:tell_initiator:0>done", "ref": NEWS},
    "line_posted": {"id": "star-1:post_line:0>done"},
    "triaged": {
        "by": LENA,
        "user": "U1",
        "category": "Escalation::License-Issue",
        "decision": "work",
        "next_step": "Anna looks at the logs.",
        "dri": ANNA,
    },
    "initiator_asked": {"by": LENA, "user": "U1", "text": "Which version is it?", "where": "thread"},
    "answered": {"by": CASEY, "text": "18.5", "where": "dm"},
    "fact_added": {"by": CASEY, "user": "U9", "text": "They go live on Friday."},
    "withdrawn": {"by": CASEY, "user": "U9", "text": "It is solved."},
    "unstarred": {
        "by": LENA,
        "user": "U1",
        "reason": "It is a real emergency",
        "text": "Production is down.",
        "alternative": "The customer raises an emergency.",
        "agreed": "yes",
    },
    "reopened": {"by": TOMAS, "user": "U2", "reason": "It is back."},
    "mark_removed": {"by": LENA, "user": "U1", "meaning": "acknowledge", "name": "eyes", "ts": ROOT.ts},
    "form_edited": {
        "form": FORM.model_copy(update={"desired_result": "Two calls today."}),
        "edited_ts": "1794916860.000000",
    },
    "ticket_read": {"ticket": TICKET},
    "ticket_unfit": {"number": 123456, "problem": "ticket_closed"},
    "initiator_named": {"name": "Casey Lin", "gitlab": "clin"},
    "oncall_read": {"oncall": ONCALL},
    "card_posted": {"ref": CARD},
    "reply_posted": {"ref": REPLY},
    "question_posted": {"ref": QUESTION},
    "issue_seen": {"issue": ISSUE},
    "labels_read": {"id": "star-1:read_labels:0>done", "changes": LABELS},
    "issue_noted": {"id": "star-1:note_issue:0>done"},
    "macro_applied": {"public_text": "We look at it."},
    "acknowledged": {"by": LENA, "seen": Seen(ts=ROOT.ts, user="U1", name="eyes", at="1.0")},
    "resolved": {"by": LENA, "seen": Seen(ts=ROOT.ts, user="U1", name="green-check-mark", at="2.0")},
    "sentence_added": {"by": LENA, "text": "Anna calls."},
    "undone": {"by": LENA, "user": "U1"},
    "public_reply_confirmed": {"by": LENA, "user": "U1", "text": "We look at it."},
    "public_reply_sent": {"id": "star-1:send_publicly:0>done"},
    "retry_asked": {"by": LENA, "user": "U1", "key": "star-1:apply_macro:0"},
    "refused": {"user": "U5", "deed": "acknowledge"},
    "effect_delayed": _FAILED,
    "effect_failed": {**_FAILED, "reason": "macro_missing"},
    "unacknowledged": {"at": NOON + timedelta(minutes=10)},
    "due": {"at": NOON + timedelta(minutes=10)},
}
