"""Which emoji names a workspace knows: its custom ones and a selection of Slack's standard ones.

A standard name outside the selection is refused like a missing custom one: extend the list here.
"""

from collections.abc import Container

STANDARD_NAMES = """
+1 -1 100 alarm_clock ambulance apple arrow_right arrow_up bangbang bell blue_circle blush books bow bug
bulb calendar clap clipboard clock1 coffee confused construction cry exclamation eyes fire
green_heart grey_exclamation grey_question hand handshake hash heart heavy_check_mark
heavy_multiplication_x heavy_plus_sign hourglass hourglass_flowing_sand hugging_face inbox_tray
information_source joy key leftwards_arrow_with_hook link lock mag mailbox mega memo mute
no_entry no_entry_sign ok ok_hand orange_circle outbox_tray pager pencil pencil2 phone point_right
point_up pray pushpin question raised_hand raised_hands red_circle repeat rocket rotating_light
scream see_no_evil shield slightly_smiling_face smile sob sos sparkles speech_balloon star star2
stopwatch sweat_smile tada telephone_receiver thinking_face thumbsdown thumbsup ticket timer_clock
warning wave white_check_mark white_circle wrench x yellow_circle zap zzz
"""
STANDARD = frozenset(STANDARD_NAMES.split())


def bare_name(name: str) -> str:
    """The name without its skin tone: "wave::skin-tone-3" gives "wave"."""
    return name.split("::", 1)[0]


def is_known(name: str, custom: Container[str]) -> bool:
    """Whether the workspace has an emoji of that name."""
    return bare_name(name) in STANDARD or bare_name(name) in custom
