"""The STARs: their duty, the form, the dialogs and commands, the catch-up."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from starbot.core.hours import Week
from starbot.duties.stars import deeds as star_deeds
from starbot.duties.stars import door as star_door
from starbot.duties.stars import model as stars
from starbot.duties.stars import words as star_words
from starbot.duties.stars.catch_up import CatchUp
from starbot.duties.stars.filing import Filing
from starbot.duties.stars.form import FormLabels, UrgencyLevel
from starbot.duties.stars.rebuild import Rebuild
from starbot.duties.stars.slack import FormReader
from starbot.engine.duty import Duty
from starbot.services.slack import Identity
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(star_door.Arriving)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(stars.AnyEffect)


def duty(house: House, identity: Identity) -> Duty:
    """What a STAR decides, does and shows."""
    settings = house.settings
    policy = stars.Policy(
        urgency_minutes={level.name: level.minutes for level in settings.urgency},
        regions=house.regions,
        note_ticket=settings.zendesk.note,
        undo_minutes=settings.timing.undo_minutes,
        offer_page_minutes=settings.timing.offer_page_minutes,
        criteria=criteria(house),
    )
    hands = star_deeds.Hands(
        slack=house.slack,
        gitlab=house.gitlab,
        zendesk=house.zendesk,
        roster=house.roster,
        now=house.now,
        look=lambda: look(house, identity),
        project=settings.gitlab.project,
        confidential=settings.gitlab.confidential,
        macro_titles=settings.zendesk.macro,
        note_ticket=settings.zendesk.note,
        channel=lambda: house.channel(settings.slack.star_channel),
        turn=house.turn,
        adopt=timedelta(minutes=settings.gitlab.adopt_minutes),
    )
    forms = reader(house)
    filing = Filing(
        house.stars,
        house.roster,
        house.slack,
        house.zendesk,
        forms.urgencies,
        criteria(house),
        lambda: look(house, identity),
    )
    door = star_door.Door(house.stars, house.roster, house.slack, forms.read, filing)
    return Duty(
        name=stars.DUTY,
        cases=stars.Star,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=lambda star, event, rival: stars.decide(star, event, rival, policy),
        claim=stars.claim,
        arrive=door.arrive,
        deeds=star_deeds.deeds(hands),
        targets=star_deeds.targets(hands),
        closed=stars.CLOSED,
        kept=stars.KEPT,
    )


def criteria(house: House) -> stars.Criteria:
    """What speaks against a STAR, as the organisation decided."""
    hours, criteria = house.settings.support_hours, house.settings.criteria
    return stars.Criteria(
        week=None if hours.always else Week(hours.zone, hours.opens, hours.closes),
        ticket_age_minutes=criteria.ticket_age_minutes,
        sla_left_minutes=criteria.sla_left_minutes,
        forms=criteria.ticket_forms,
        plans_without_support=criteria.plans_without_support,
    )


def reader(house: House) -> FormReader:
    """Reads form posts."""
    form = house.settings.form
    return FormReader(
        channel=lambda: house.channel(house.settings.slack.star_channel),
        labels=FormLabels(
            sources=form.sources, contact_notices=form.contact_notices, **form.labels.model_dump()
        ),
        urgencies=[
            UrgencyLevel(level.name, level.minutes, level.aliases) for level in house.settings.urgency
        ],
    )


def emoji(house: House) -> Mapping[star_door.Meaning, Sequence[str]]:
    """What a reaction means."""
    emoji = house.settings.slack.emoji
    return {"acknowledge": emoji.acknowledge, "resolve": emoji.resolve}


def catch_up(house: House, identity: Identity) -> CatchUp:
    """Reads what was posted while nobody listened."""
    return CatchUp(
        slack=house.slack,
        reader=reader(house),
        own_user=identity.user_id,
        emoji=emoji(house),
        memory=house.memory,
        watched=house.stars.lately,
        known=house.stars.by_handle,
        look=lambda: look(house, identity),
        submit=house.submit,
    )


def rebuild(house: House, identity: Identity) -> Rebuild:
    """Reads what the vendors know of STARs."""
    return Rebuild(
        slack=house.slack,
        gitlab=house.gitlab,
        reader=reader(house),
        project=house.settings.gitlab.project,
        own_user=identity.user_id,
        emoji=emoji(house),
        people=house.roster.managers,
        look=lambda: look(house, identity),
        by_id=house.stars.by_id,
        about=house.stars.about,
        knows=lambda handle: house.stars.by_handle(handle) is not None,
    )


def look(house: House, identity: Identity) -> star_words.Look:
    """How a STAR looks at this organisation."""
    settings = house.settings
    return star_words.Look(
        team_url=identity.team_url,
        ticket_link=house.ticket_link,
        fallback_group=house.group(settings.slack.fallback_group),
        fallback_name=settings.slack.fallback_group,
        broadcast=settings.slack.announce == "broadcast",
        acknowledge_emoji=house.directory.names.emoji.get("acknowledge", settings.slack.emoji.acknowledge[0]),
        resolve_emoji=house.directory.names.emoji.get("resolve", settings.slack.emoji.resolve[-1]),
        urgencies=tuple(level.name for level in settings.urgency),
        urgency_minutes=tuple(level.minutes for level in settings.urgency),
        plans=settings.form.plans,
        products=settings.form.products,
        unstar_reasons=tuple((one.reason, one.instead) for one in settings.unstar),
        category_scope=settings.gitlab.category_scope,
        categories=house.directory.categories(),
        unstarred_label=settings.gitlab.unstarred_label,
        ticket_age_minutes=settings.criteria.ticket_age_minutes,
        emergency=settings.texts.emergency,
        how_to_star=settings.texts.how_to_star,
        issue_title=settings.gitlab.title,
        issue_description=settings.gitlab.description,
        issue_labels=settings.gitlab.labels,
        ticket_tag=settings.zendesk.tag,
        issue_blanks=settings.zendesk.issue_blanks,
        thread_blanks=settings.zendesk.thread_blanks,
        undo_minutes=settings.timing.undo_minutes,
        adopt_minutes=settings.gitlab.adopt_minutes,
    )
