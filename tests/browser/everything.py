"""A message and a modal with every kind of block and element that the page draws."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def options(*names: str) -> list[Json]:
    return [{"value": name.lower(), "text": plain(name)} for name in names]


TWO = options("One", "Two")
PICTURE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a chart of the queue"}
MARKS = (
    "*bold* _slanted_ ~struck~ `code` :eyes: <https://example.com|a link> <@U0LENA> <!subteam^S0SMOC> <#C0GENER>\n"
    "> a quote\n```a\nfence```"
)
RICH: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "rich ", "style": {"bold": True}},
                {"type": "user", "user_id": "U0LENA"},
                {"type": "emoji", "name": "tada"},
                {"type": "link", "url": "https://example.com", "text": "rich link"},
                {"type": "hologram", "text": "?"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first item"}]}],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "rich fence"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "rich quote"}]},
    ],
}
MESSAGE: list[Json] = [
    {"type": "header", "text": plain("A header :rocket:")},
    {"type": "section", "text": mrkdwn(MARKS)},
    {"type": "section", "fields": [mrkdwn("*Field*\none"), mrkdwn("*Field*\ntwo")]},
    {"type": "section", "text": mrkdwn("with a picture"), "accessory": PICTURE},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn("small *print*"), PICTURE]},
    {**PICTURE, "title": plain("A picture")},
    RICH,
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "b1", "text": plain("Primary"), "style": "primary", "value": "1"},
            {
                "type": "button",
                "action_id": "b2",
                "text": plain("Are you sure"),
                "style": "danger",
                "value": "2",
                "confirm": {
                    "title": plain("Sure?"),
                    "text": mrkdwn("It *pages* people."),
                    "confirm": plain("Yes"),
                    "deny": plain("No"),
                },
            },
            {"type": "static_select", "action_id": "s1", "placeholder": plain("Pick"), "options": TWO},
            {"type": "users_select", "action_id": "u1", "placeholder": plain("Who")},
            {"type": "overflow", "action_id": "o1", "options": options("More", "Less")},
            {"type": "datepicker", "action_id": "d1", "initial_date": "2026-11-18"},
            {"type": "timepicker", "action_id": "t1", "initial_time": "09:30"},
            {"type": "radio_buttons", "action_id": "r1", "options": TWO},
            {"type": "checkboxes", "action_id": "c1", "options": TWO},
            {"type": "channels_select", "action_id": "ch1", "placeholder": plain("Where")},
        ],
    },
]
INPUTS: list[Json] = [
    {"type": "plain_text_input", "action_id": "x", "initial_value": "a line"},
    {"type": "plain_text_input", "action_id": "x", "multiline": True},
    {"type": "static_select", "action_id": "x", "options": TWO, "initial_option": TWO[1]},
    {"type": "multi_static_select", "action_id": "x", "options": TWO, "initial_options": TWO[:1]},
    {"type": "users_select", "action_id": "x", "initial_user": "U0LENA"},
    {"type": "multi_users_select", "action_id": "x", "initial_users": ["U0MEI"]},
    {"type": "radio_buttons", "action_id": "x", "options": TWO, "initial_option": TWO[0]},
    {"type": "checkboxes", "action_id": "x", "options": TWO},
    {"type": "datepicker", "action_id": "x", "initial_date": "2026-11-18"},
    {"type": "timepicker", "action_id": "x", "initial_time": "09:30"},
    {"type": "email_text_input", "action_id": "x"},
    {"type": "url_text_input", "action_id": "x"},
    {"type": "number_input", "action_id": "x", "is_decimal_allowed": False},
    {"type": "datetimepicker", "action_id": "x", "initial_date_time": 1795500000},
]


def modal(title: str = "Everything", blocks: list[Json] | None = None) -> Json:
    """A modal with an input of every kind: its blocks are called f0, f1, ..."""
    fields = [
        {
            "type": "input",
            "block_id": f"f{number}",
            "label": plain(f"{each['type']} {number}"),
            "optional": True,
            "element": {**each, "action_id": f"a{number}"},
        }
        for number, each in enumerate(INPUTS)
    ]
    return {
        "type": "modal",
        "callback_id": "everything",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": blocks or fields,
    }
