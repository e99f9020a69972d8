"""Zendesk: the credentials, what their agent may do, the macro, the tag, and the fields of tickets."""

import re
from collections.abc import Iterator, Mapping, Sequence

from starbot.checkup.finding import Finding, Part, Skew
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.zendesk import Agent, MacroFacts, ZendeskService
from starbot.settings import Settings

ZENDESK = Part("Zendesk")

_APIS = "Zendesk Admin Center > Apps and integrations > APIs"
_PEOPLE = "Zendesk Admin Center > People > Team members"
_MACROS = "Zendesk Admin Center > Workspaces > Agent tools > Macros"

MENDS: Mapping[RefusedReason, str] = {
    "unauthorized": f"{_APIS} > OAuth clients: copy the identifier and a new secret into ZENDESK_CLIENT_ID and "
    "ZENDESK_CLIENT_SECRET.",
    "forbidden": f"{_PEOPLE}: give the agent behind the OAuth client a role that sees tickets and macros.",
}
_TOKEN_MENDS: Mapping[RefusedReason, str] = {
    **MENDS,
    "unauthorized": f"Make an OAuth client ({_APIS} > OAuth clients) and set ZENDESK_CLIENT_ID and "
    "ZENDESK_CLIENT_SECRET; new API tokens are no longer given.",
}


def steps(settings: Settings, zendesk: ZendeskService, skew: Skew) -> Iterator[Finding]:
    """Everything about Zendesk."""
    is_oauth = bool(settings.env.zendesk_client_id)
    return ZENDESK.walk(
        [
            lambda: _agent(zendesk.whoami(), is_oauth),
            lambda: _macros(settings, zendesk.macros()),
            lambda: tag(settings.zendesk.tag),
            lambda: _fields(zendesk),
            lambda: ZENDESK.clock(skew()),
        ],
        MENDS if is_oauth else _TOKEN_MENDS,
    )


def _agent(told: Agent, is_oauth: bool) -> Iterator[Finding]:
    yield from credentials(is_oauth)
    yield from agent(told)


def credentials(is_oauth: bool) -> Iterator[Finding]:
    """They were accepted; an API token has its last day."""
    if is_oauth:
        yield ZENDESK.ok("credentials: OAuth client")
    else:
        yield ZENDESK.warning(
            "credentials: an API token, which Zendesk ends on 2027-04-30",
            f"{_APIS} > OAuth clients: add one, and set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET.",
        )


def agent(told: Agent) -> Iterator[Finding]:
    """An agent who writes private notes, sees the tickets, and may change them."""
    name = told.name or "somebody without a name"
    if told.is_suspended:
        yield ZENDESK.fix(f"agent: {name} is suspended", f"{_PEOPLE} > {name}: unsuspend.")
    elif told.role not in ("agent", "admin"):
        yield ZENDESK.fix(
            f"agent: {name} is {told.role}, who may not write private notes", f"{_PEOPLE}: make it an agent."
        )
    elif told.is_light:
        yield ZENDESK.fix(
            f"agent: {name} is a light agent, who may neither tag nor apply macros",
            f"{_PEOPLE} > {name}: give it a role with a full seat.",
        )
    else:
        yield ZENDESK.ok(f"agent: {name} ({told.role}), writes private notes")
    if told.only_private:
        yield ZENDESK.warning(
            "agent: may only comment privately, so *Send publicly* will fail",
            f"{_PEOPLE} > {name} > role: allow public comments, if managers shall send the macro's text.",
        )
    if told.sees:
        yield ZENDESK.warning(
            f"agent: sees only some tickets ({told.sees})",
            f"{_PEOPLE} > {name}: let it see all tickets, or STARs about the others stay without theirs.",
        )


def _macros(settings: Settings, found: Sequence[MacroFacts]) -> Iterator[Finding]:
    yield from macro(settings.zendesk.macro, found)
    yield from offered_macro(
        settings.paging.emergency_macro, found, "an emergency by the macro", "paging.emergency_macro"
    )
    yield from offered_macro(
        settings.compromised.macro, found, "the macro for a compromised instance", "compromised.macro"
    )


def macro(titles: Sequence[str], found: Sequence[MacroFacts]) -> Iterator[Finding]:
    """The first of the titles that is active; said aloud where its comment would be public."""
    by_title = {one.title: one for one in found if one.is_active}
    taken = next((by_title[title] for title in titles if title in by_title), None)
    if taken is None:
        off = next((one.title for title in titles for one in found if one.title == title), None)
        what = f"macro {off}: inactive" if off else f"macro {titles[0]}: not found"
        yield ZENDESK.fix(
            what, f"{_MACROS}: activate or create it; or name another in starbot.toml, zendesk.macro."
        )
    elif taken.is_public:
        yield ZENDESK.warning(
            f"macro {taken.title}: its comment is public",
            f"The bot writes it privately all the same; a manager sends it by *Send publicly*. {_MACROS} > the "
            "macro: Comment mode Private, if nobody shall.",
        )
    else:
        what = "comments privately" if taken.writes else "writes no comment"
        yield ZENDESK.ok(f"macro {taken.title}: active, {what}")


def offered_macro(
    titles: Sequence[str], found: Sequence[MacroFacts], what: str, setting: str
) -> Iterator[Finding]:
    """A macro that a duty offers beside other ways: by which an emergency is triggered, or with the recovery guide."""
    if not titles:
        return
    taken = next((title for title in titles if any(m.title == title and m.is_active for m in found)), None)
    if taken is None:
        yield ZENDESK.warning(
            f"macro {titles[0]}: not found, or inactive; {what} would fail",
            f"{_MACROS}: activate or create it; or name another in starbot.toml, {setting} (empty: not offered).",
        )
    else:
        yield ZENDESK.ok(f"macro {taken}: active")


def tag(name: str) -> Iterator[Finding]:
    """Zendesk writes tags in lower case and takes letters, digits and - _ : / in them."""
    if not name:
        yield ZENDESK.ok("tag: none")
    elif name != name.lower() or not re.fullmatch(r"[\w:/-]+", name):
        yield ZENDESK.warning(
            f"tag {name}: Zendesk would write it otherwise",
            "In starbot.toml, zendesk.tag: lower case, letters, digits and - _ : / only.",
        )
    else:
        yield ZENDESK.ok(f"tag: {name}")


def _fields(zendesk: ZendeskService) -> Iterator[Finding]:
    try:
        forms: int | None = len(zendesk.ticket_form_names())
    except ServiceRefused:
        forms = None
    yield from fields(len(zendesk.ticket_field_titles()), forms)


def fields(number: int, forms: int | None) -> Iterator[Finding]:
    """What the card tells of the product comes from the ticket's form."""
    if forms is None:
        yield ZENDESK.warning(
            f"tickets: {number} fields, no forms to be seen; the card tells no product from them",
            f"{_PEOPLE}: give the agent a role that sees ticket forms, if the account has any.",
        )
    else:
        yield ZENDESK.ok(f"tickets: {number} fields, {forms} forms")
