"""Everything that the Slack app listens to, in lists that can be read; which duty leads on to which."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from starbot.duties.compromised import slack as compromised_slack
from starbot.duties.compromised.dialogs import CompromisedDialogs
from starbot.duties.emergencies import slack as emergency_slack
from starbot.duties.hands import slack as hands_slack
from starbot.duties.hands import words as hands_words
from starbot.duties.hands.dialogs import HandsDialogs
from starbot.duties.hands.dialogs import Pages as PagesForHands
from starbot.duties.paging import slack as page_slack
from starbot.duties.paging import words as page_words
from starbot.duties.paging.dialogs import GoOn
from starbot.duties.redirects import slack as redirect_slack
from starbot.duties.stars import words as star_words
from starbot.duties.stars.commands import StarCommand
from starbot.duties.stars.dialogs import Dialogs
from starbot.duties.stars.slack import Listener
from starbot.duties.stars.words import lookup
from starbot.listeners import Hears
from starbot.services.slack import Identity
from starbot.wiring import compromised as compromised_parts
from starbot.wiring import emergencies as emergency_parts
from starbot.wiring import hands as hands_parts
from starbot.wiring import paging as page_parts
from starbot.wiring import stars as star_parts
from starbot.wiring.house import House


def hears(house: House, identity: Identity, silent_since: Callable[[], datetime | None]) -> Hears:
    """Everything that the Slack app listens to. `silent_since`: when PagerDuty answered last, while it does not."""
    emoji = house.settings.slack.emoji.escalate

    def look() -> star_words.Look:
        return star_parts.look(house, identity)

    ours = (
        page_words.ASK_VIEW,
        page_words.CONFIRM_VIEW,
        *compromised_slack.DIALOGS,
        *hands_slack.VIEWS,
    )
    listener = Listener(star_parts.reader(house), identity.user_id, star_parts.emoji(house), look, ours)
    help_door = hands_slack.Listener(compromised_slack.reported)
    # Each leads to the other: `/star-page` to pages and to hands, the dialog of pages on to hands.
    others: dict[str, GoOn] = {}
    paging = page_parts.dialogs(house, identity, others)
    pages_for_hands = PagesForHands(paging.command, paging.open, partial(paging.open_for, "backup"))
    hands = hands_parts.dialogs(house, identity, help_door, pages_for_hands)
    others |= {"hands": hands.go_on, "compromised": hands.go_on_compromised}
    desk = emergency_parts.dialogs(house, paging, silent_since)
    compromises = compromised_parts.dialogs(house)

    def of_star_page(body: dict[str, Any]) -> HandsDialogs | CompromisedDialogs:
        return compromises if compromises.is_meant(body) else hands

    star_command = StarCommand(house.stars, house.roster, look)
    dialogs = Dialogs(
        house.slack,
        house.roster,
        house.stars,
        house.submit,
        house.now,
        look,
        page=partial(paging.open_for, "manager"),
        help_now=hands.help_now,
    )
    return Hears(
        messages=[
            listener.from_message,
            lambda event, at: redirect_slack.from_reply(event, house.directory.watched(), emoji, at),
        ],
        reactions=[
            listener.from_reaction,
            lambda event, at: redirect_slack.from_reaction(event, house.directory.watched(), emoji, at),
        ],
        unreactions=[listener.from_unreaction],
        clicks=[
            listener.from_click,
            page_slack.from_click,
            emergency_slack.from_click,
            compromised_slack.from_click,
            help_door.from_click,
        ],
        dialogs=[
            listener.from_dialog,
            page_slack.from_dialog,
            compromised_slack.from_dialog,
            help_door.from_dialog,
        ],
        objections=[
            listener.objections,
            page_slack.objections,
            compromised_slack.objections,
            help_door.objections,
        ],
        shown_next=[
            page_slack.shown_next,
            compromised_slack.shown_next,
            help_door.shown_next,
            listener.shown_next,
        ],
        follow_ups={page_words.ASK_VIEW: paging.follow, hands_words.ASK_VIEW: hands.follow},
        openers={
            **dialogs.openers,
            **desk.openers,
            **compromises.openers,
            hands_words.ASK: hands.ask_at_desk,
            hands_words.PAGE: hands.page_at_desk,
        },
        shortcuts={
            "star_file": dialogs.file,
            "star_file_about": dialogs.file_about,
            "star_call_manager": hands.shortcut,
        },
        commands={
            "/star": lambda body: desk.command(body) or star_command(body),
            "/star-page": lambda body: of_star_page(body).command(body),
        },
        command_openers={"/star": dialogs.file, "/star-page": lambda body: of_star_page(body).open(body)},
        unknown=dialogs.unknown,
        stranger=dialogs.stranger,
        strange_command=lambda body: lookup.strangers(),
    )
