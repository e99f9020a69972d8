"""What the bot says under a misplaced post. Pure. It names nobody and blames nobody."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from starbot.core.case import Document


def how_to_file(star_channel: str, how_to_star: str, form_link: str) -> Document:
    """The way to file a STAR. `star_channel` is an id; the links come from the settings and may be empty."""
    form = f"<{form_link}|the STAR form>" if form_link else "the STAR form"
    text = (
        "Thank you for looking after this customer. A post here is easily missed; the quickest way to a Support "
        f"Manager is a STAR: fill in {form}, and it is announced in <#{star_channel}> with the manager on call."
    )
    if how_to_star:
        text += f" <{how_to_star}|When and how to file a STAR>."
    block = SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))
    block.validate_json()
    return {"text": text, "blocks": [block.to_dict()]}
