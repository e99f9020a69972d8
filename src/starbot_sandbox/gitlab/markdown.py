"""What GitLab reads out of a description or comment: quick actions and mentions.

Quick actions run "when you save descriptions or comments", each on a line of its own, but not inside code
blocks (docs.gitlab.com/user/project/quick_actions). Where the docs leave room, this reads generously, so that
text which could run on some version runs here: leading white space and unusual line separators are allowed.
"""

import re
from dataclasses import dataclass

_ACTION_NAMES = """
add_child add_contacts add_email approve assign assign_reviewer award blocked_by blocks board_move cc
checkin_reminder child_of clear_health_status clear_weight clone close confidential convert_to_ticket
copy_metadata create_merge_request done draft due duplicate epic estimate health_status invite_email
iteration label labels link lock make_me_admin merge milestone move page parent_epic promote promote_to
promote_to_incident publish react ready reassign reassign_reviewer rebase relabel relate remove_child
remove_contacts remove_due_date remove_email remove_epic remove_estimate remove_iteration
remove_milestone remove_parent remove_parent_epic remove_time_spent remove_zoom reopen request_changes
restore_estimate run_pipeline set_parent severity shrug spend spend_time subscribe submit_review
tableflip tag target_branch timeline title todo type unapprove unassign unassign_reviewer unlabel unlink
unlock unsubscribe wip weight zoom
"""
KNOWN_ACTIONS = frozenset(_ACTION_NAMES.split())

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_QUOTE_FENCE = re.compile(r"^>>>\s*$")
_ACTION = re.compile(r"^\s*/([a-z_]+)(?:[ \t]+(.*))?$", re.IGNORECASE)
_OTHER_BREAKS = re.compile("([\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029])")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MENTION = re.compile(r"(?<![\w`.@/-])@([a-zA-Z0-9_][a-zA-Z0-9_./-]*)")


@dataclass(frozen=True)
class QuickAction:
    """One command line, for example /label ~bug: `name` is "label", `argument` is "~bug"."""

    name: str
    argument: str


@dataclass(frozen=True)
class Reading:
    """A text as it is stored, and the commands that were taken out of it."""

    text: str
    actions: tuple[QuickAction, ...]


def read_actions(text: str) -> Reading:
    """Take the quick actions out of `text`. A command that GitLab does not know stays as text."""
    actions: list[QuickAction] = []
    kept = [_without_actions(line, actions) if live else line for line, live in _lines(text)]
    stored = "".join(kept)
    return Reading(stored.strip() if actions else stored, tuple(actions))


def mentions(text: str) -> tuple[str, ...]:
    """The names behind an @ that would be notified, in order, each once: users, groups, "all"."""
    prose = "".join(line for line, live in _lines(text) if live)
    prose = _CODE_SPAN.sub(" ", _COMMENT.sub(" ", prose))
    return tuple(dict.fromkeys(name.rstrip("./-") for name in _MENTION.findall(prose)))


def _lines(text: str) -> list[tuple[str, bool]]:
    """Each line with its ending, and whether it stands outside every code block."""
    marked: list[tuple[str, bool]] = []
    fence = ""
    for line in _LINE.findall(text):
        bare = line.rstrip("\r\n")
        opening = _FENCE.match(bare)
        if fence:
            marked.append((line, False))
            if opening and opening[1].startswith(fence) and not opening[2].strip():
                fence = ""
        elif opening and not (opening[1][0] == "`" and "`" in opening[2]):
            fence = opening[1]
            marked.append((line, False))
        else:
            marked.append((line, True))
    return _outside_quotes(marked)


def _outside_quotes(marked: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    # A >>> block counts as a quote only when it is closed; else its lines are ordinary text.
    fences = [n for n, (line, live) in enumerate(marked) if live and _QUOTE_FENCE.match(line.rstrip("\r\n"))]
    for first, last in zip(fences[::2], fences[1::2], strict=False):
        for n in range(first, last + 1):
            marked[n] = (marked[n][0], False)
    return marked


def _without_actions(line: str, actions: list[QuickAction]) -> str:
    kept = []
    for piece in _OTHER_BREAKS.split(line):
        found = _ACTION.match(piece.rstrip("\r\n"))
        if found and found[1].lower() in KNOWN_ACTIONS:
            actions.append(QuickAction(found[1].lower(), (found[2] or "").strip()))
        else:
            kept.append(piece)
    return "".join(kept)
