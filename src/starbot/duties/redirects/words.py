"""What the bot says under a misplaced post. Pure. It names nobody and blames nobody."""

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, MarkdownTextObject, SectionBlock

from starbot.core.case import Document

FILE = "star_file"
"""The button that opens the STAR form, which `app` knows an opener for."""


def how_to_file(star_channel: str, how_to_star: str, form_link: str) -> Document:
    """The way to file a STAR. `star_channel` is an id; the links come from the settings and may be empty."""
    form = f", or fill in <{form_link}|the STAR form>" if form_link else ""
    text = (
        "Thank you for looking after this customer. A post here is easily missed; the quickest way to a Support "
        f"Manager is a STAR: press *File a STAR*{form}, and it is announced in <#{star_channel}> with the manager on "
        "call."
    )
    if how_to_star:
        text += f" <{how_to_star}|When and how to file a STAR>."
    button = ButtonElement(text="File a STAR", action_id=FILE, value="new", style="primary")
    blocks: list[Block] = [
        SectionBlock(text=MarkdownTextObject(text=text, verbatim=True)),
        ActionsBlock(block_id="redirect_actions", elements=[button]),
    ]
    for block in blocks:
        block.validate_json()
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}
