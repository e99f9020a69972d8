"""Every text and every block that people see of a STAR, in all four systems. Pure.

A document is what one target shows: the card, the reply to a form post, the question to the manager, the
issue, the marks at the head of the thread. It depends on the STAR alone, so equal STARs look equal and cost no call;
that is why times are given as moments ("reply by 14:30 UTC"), never as "in 12 minutes".

Outside text comes in plain and leaves through `core.text`, in the line that puts it into a message.
"""

from starbot.blocks import permalink
from starbot.duties.stars.words import dialogs
from starbot.duties.stars.words.card import (
    ACKNOWLEDGE,
    ADD_FACTS,
    ASK,
    CLAIM,
    HELP_NOW,
    MORE,
    PAGE_MANAGER,
    REOPEN,
    RESOLVE,
    RETRY,
    SEND_PUBLICLY,
    TRIAGE,
    UNSTAR,
    WITHDRAW,
    card,
    marks,
)
from starbot.duties.stars.words.dialogs import FILE
from starbot.duties.stars.words.news import news, thread_line
from starbot.duties.stars.words.parts import Look, thread_link
from starbot.duties.stars.words.record import issue, labels_so_far, macro_comment, remark, ticket_note
from starbot.duties.stars.words.rereading import answers, reread
from starbot.duties.stars.words.talk import (
    COMPLETE,
    UNDO,
    ask_again_in_thread,
    long_closed,
    newer_star,
    no_such_button,
    no_such_star,
    not_opened,
    open_again,
    page_summary,
    question,
    reply,
    stale,
    strangers,
    whisper,
)

__all__ = [
    "ACKNOWLEDGE",
    "ADD_FACTS",
    "ASK",
    "CLAIM",
    "COMPLETE",
    "FILE",
    "HELP_NOW",
    "MORE",
    "PAGE_MANAGER",
    "REOPEN",
    "RESOLVE",
    "RETRY",
    "SEND_PUBLICLY",
    "TRIAGE",
    "UNDO",
    "UNSTAR",
    "WITHDRAW",
    "Look",
    "answers",
    "ask_again_in_thread",
    "card",
    "dialogs",
    "issue",
    "labels_so_far",
    "long_closed",
    "macro_comment",
    "marks",
    "newer_star",
    "news",
    "no_such_button",
    "no_such_star",
    "not_opened",
    "open_again",
    "page_summary",
    "permalink",
    "question",
    "remark",
    "reply",
    "reread",
    "stale",
    "strangers",
    "thread_line",
    "thread_link",
    "ticket_note",
    "whisper",
]
