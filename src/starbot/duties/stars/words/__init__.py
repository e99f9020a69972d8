"""Every text and every block that people see of a STAR, in all four systems. Pure.

A document is what one target shows: the card, the reply to a form post, the question to the manager, the
issue, the marks on the form post. It depends on the STAR alone, so equal STARs look equal and cost no call;
that is why times are given as moments ("reply by 14:30 UTC"), never as "in 12 minutes".

Outside text comes in plain and leaves through `core.text`, in the line that puts it into a message.
"""

from starbot.duties.stars.words.card import ACKNOWLEDGE, RESOLVE, RETRY, SEND_PUBLICLY, card, marks
from starbot.duties.stars.words.parts import Look, permalink
from starbot.duties.stars.words.record import issue, macro_comment, remark, ticket_note
from starbot.duties.stars.words.talk import (
    RESOLVE_VIEW,
    SEND_PUBLICLY_VIEW,
    UNDO,
    answer_missing,
    ask_again_in_thread,
    not_opened,
    open_again,
    question,
    reply,
    resolve_view,
    send_publicly_view,
    stale,
    whisper,
)

__all__ = [
    "ACKNOWLEDGE",
    "RESOLVE",
    "RESOLVE_VIEW",
    "RETRY",
    "SEND_PUBLICLY",
    "SEND_PUBLICLY_VIEW",
    "UNDO",
    "Look",
    "answer_missing",
    "ask_again_in_thread",
    "card",
    "issue",
    "macro_comment",
    "marks",
    "not_opened",
    "open_again",
    "permalink",
    "question",
    "remark",
    "reply",
    "resolve_view",
    "send_publicly_view",
    "stale",
    "ticket_note",
    "whisper",
]
