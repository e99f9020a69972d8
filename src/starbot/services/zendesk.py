"""Zendesk Support through zenpy: tickets, internal notes and macros.

Bodies come escaped (`core.text`). Each write carries its key as audit metadata, by which it is found again.
Updates are safe updates: Zendesk refuses them (409) if the ticket changed since we read it, so that nobody's
work is overwritten.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import requests
from requests.utils import get_environ_proxies
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment
from zenpy.lib.api_objects import Ticket as ZenpyTicket
from zenpy.lib.exception import APIException, ZenpyException

from starbot.core.facts import MacroPreview, SlaMetric, Ticket
from starbot.errors import RefusedReason, ServiceDelayed, ServiceRefused
from starbot.services.wire import Deeds, Door, Limits, Pool, Rejected, Unanswered

_ZENPY_ADDRESS = "https://account.zendesk.com"
"""Where zenpy believes to be: it can only make addresses of this form."""

_RENEW_EARLY_S = 60.0
_SAFE_UPDATE_TRIES = 3
_PRIORITIES = ("", "low", "normal", "high", "urgent")
_MACRO_FIELDS = ("subject", "status", "priority", "type", "assignee_id", "group_id")
_UNANSWERED_METRICS = ("first_reply_time", "next_reply_time")


def _reason(no: Rejected) -> RefusedReason:
    """What a status means (developer.zendesk.com/api-reference/introduction/requests)."""
    if no.status == 422 and "closed" in no.body.lower():
        return "closed"
    reasons: dict[int, RefusedReason] = {
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        409: "conflict",
        413: "too_long",
    }
    return reasons.get(no.status, "invalid")


class _OAuth:
    """The access token of an OAuth client (client_credentials), renewed before it ends and when refused."""

    def __init__(self, url: str, client_id: str, client_secret: str, timeout_s: float) -> None:
        self._url = f"{url}/oauth/tokens"
        self._grant = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": "read write",
        }
        self._timeout_s = timeout_s
        self._limits = Limits()
        self._lock = threading.Lock()
        self._header: str | None = None
        self._renew_at = float("inf")

    def header(self, refused: str | None = None) -> str:
        """The Authorization header, a new one if `refused` is the one we hold; Unanswered or Rejected."""
        with self._lock:
            if self._header is None or self._header == refused or time.monotonic() >= self._renew_at:
                self._fetch()
            assert self._header is not None
            return self._header

    def _fetch(self) -> None:
        try:
            with requests.Session() as session:
                session.mount("http://", Door(self._limits))
                session.mount("https://", Door(self._limits))
                answer = session.post(self._url, json=self._grant, timeout=self._timeout_s).json()
        except Unanswered as none:
            # Asking for a token changes nothing at the ticket that we were about to write to.
            raise Unanswered(
                maybe_done=False, may_still_run=none.may_still_run, retry_after_s=none.retry_after_s
            ) from None
        except Rejected as no:
            raise Rejected(401, no.body) from None
        self._header = f"Bearer {answer['access_token']}"
        life_s = answer.get("expires_in")
        self._renew_at = time.monotonic() + life_s - _RENEW_EARLY_S if life_s else float("inf")


class _Account(Door):
    """Sends what zenpy addresses to a zendesk.com account to the configured address, with a valid token.

    The address is put back afterwards, because zenpy compares it with the one it made.
    """

    def __init__(self, url: str, oauth: _OAuth | None, limits: Limits) -> None:
        super().__init__(limits)
        self._url = url
        self._oauth = oauth

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        asked = request.url or ""
        request.url = asked.replace(_ZENPY_ADDRESS, self._url, 1)
        kwargs["proxies"] = get_environ_proxies(request.url)
        try:
            response = self._send(request, *args, **kwargs)
        finally:
            request.url = asked
        response.url = asked
        return response

    def _send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self._oauth is None:
            return super().send(request, *args, **kwargs)
        header = request.headers["Authorization"] = self._oauth.header()
        try:
            return super().send(request, *args, **kwargs)
        except Rejected as no:
            if no.status != 401:
                raise
            # Expired or revoked, and so not served: once more with a new one.
            request.headers["Authorization"] = self._oauth.header(refused=header)
            return super().send(request, *args, **kwargs)


class Agent(NamedTuple):
    """The user that we are to Zendesk. `sees` is "" for one who sees every ticket."""

    name: str
    role: str
    is_light: bool
    is_suspended: bool
    only_private: bool
    sees: str


class MacroFacts(NamedTuple):
    """A macro; `writes` says whether it comments at all, `is_public` whether the customer would read it."""

    title: str
    is_active: bool
    writes: bool
    is_public: bool


_LIGHT_AGENT = 1  # developer.zendesk.com/api-reference/ticketing/users/users, role_type


class ZendeskService:
    """What the bot does in Zendesk, as an OAuth client or (until Zendesk ends them) by an API token."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        email: str,
        token: str,
        timeout_s: float,
    ) -> None:
        self._url = url.rstrip("/")
        self._email = email
        self._token = token
        self._timeout_s = timeout_s
        self._oauth = _OAuth(self._url, client_id, client_secret, timeout_s) if client_id else None
        self._limits = Limits()
        self._clients = Pool(self._connect)
        self._doing = Deeds("zendesk", _reason, (ZenpyException, APIException))
        self._macros: dict[str, int] = {}
        self._forms: dict[int, str] | None = None

    def _connect(self) -> Zenpy:
        session = requests.Session()
        session.mount("https://", _Account(self._url, self._oauth, self._limits))
        session.mount("http://", _Account(self._url, self._oauth, self._limits))
        login = {"anonymous": True} if self._oauth else {"email": self._email, "token": self._token}
        return Zenpy(
            subdomain="account", session=session, timeout=self._timeout_s, disable_cache=True, **login
        )

    # Reading

    def ticket(self, ticket_id: int) -> Ticket:
        """A ticket with its SLA clocks, one request. ServiceRefused not_found; "closed" is just a status."""
        forms = self._ticket_forms()
        with self._doing("read the ticket"), self._clients.lend() as client, _side_loads(client):
            found = client.tickets(id=ticket_id, include=["users", "organizations", "slas"])
            return _ticket(found, forms)

    def _ticket_forms(self) -> Mapping[int, str]:
        """Form names by id, asked once. A decoration: without forms, or in a bad moment, there are none."""
        if self._forms is None:
            try:
                with self._doing("list the ticket forms"), self._clients.lend() as client:
                    self._forms = {int(form.id): str(form.name) for form in client.ticket_forms()}
            except ServiceRefused:
                self._forms = {}
            except ServiceDelayed:
                return {}
        return self._forms

    def has_key(self, ticket_id: int, key: str) -> bool:
        """Whether one of the ticket's audits carries this key."""
        with self._doing("look for our note"), self._clients.lend() as client:
            return any(_key(audit) == key for audit in client.tickets.audits(ticket_id))

    def whoami(self) -> Agent:
        """The user that our credentials stand for; a stranger is an end user without a name."""
        with self._doing("ask who we are"), self._clients.lend() as client:
            me = client.users.me()
            return Agent(
                name=str(me.name or ""),
                role=str(me.role),
                is_light=getattr(me, "role_type", None) == _LIGHT_AGENT,
                is_suspended=bool(getattr(me, "suspended", False)),
                only_private=bool(getattr(me, "only_private_comments", False)),
                sees=str(getattr(me, "ticket_restriction", None) or ""),
            )

    def macros(self) -> list[MacroFacts]:
        """Every macro that we see, those that are switched off too."""
        with self._doing("list the macros"), self._clients.lend() as client:
            return [_macro_facts(one) for one in client.macros()]

    def ticket_field_titles(self) -> list[str]:
        """The fields that tickets have."""
        with self._doing("list the ticket fields"), self._clients.lend() as client:
            return [str(one.title) for one in client.ticket_fields()]

    def ticket_form_names(self) -> list[str]:
        """The forms that tickets have; ServiceRefused where our agent may not see them or the plan has none."""
        with self._doing("list the ticket forms"), self._clients.lend() as client:
            return [str(one.name) for one in client.ticket_forms()]

    # Writing

    def note(self, ticket_id: int, body: str, *, add_tags: Iterable[str], key: str) -> None:
        """One update: a private comment and the tags. ServiceRefused closed; after a 409 it reads again."""

        def change(ticket: Any) -> dict[str, Any]:
            tags = [*ticket.tags, *(tag for tag in add_tags if tag not in ticket.tags)]
            return {"tags": tags} if tags != list(ticket.tags) else {}

        self._change("note the ticket", ticket_id, change, key, body)

    def raise_priority(self, ticket_id: int, priority: str, body: str, *, key: str) -> None:
        """One update: a private comment, and this priority where the ticket has none or a lower one. As `note`."""

        def change(ticket: Any) -> dict[str, Any]:
            is_lower = _PRIORITIES.index(ticket.priority or "") < _PRIORITIES.index(priority)
            return {"priority": priority} if is_lower else {}

        self._change("raise the priority", ticket_id, change, key, body)

    def assign(self, ticket_id: int, user_id: int, *, key: str) -> None:
        """Make an agent the ticket's assignee. ServiceRefused closed, invalid for who is no agent; after a 409 it
        reads again."""
        self._change("assign the ticket", ticket_id, lambda ticket: {"assignee_id": user_id}, key)

    def take_back(self, ticket_id: int, assigned: Sequence[str], *, key: str) -> None:
        """Make the ticket's assignee again who it was before the assignments with these keys (the oldest first), unless
        it is somebody else by now than the last of them made it. As `assign`."""
        with self._doing("look for our assignments"), self._clients.lend() as client:
            audits = {_key(audit): _assignment(audit) for audit in client.tickets.audits(ticket_id)}
        made = [audits[one] for one in assigned if one in audits]
        if not made or assigned[-1] not in audits:
            return
        before, taker = made[-1]
        for earlier in reversed(made[:-1]):
            before = earlier.before if earlier.after == before else before

        def change(ticket: Any) -> dict[str, Any]:
            return {"assignee_id": before} if taker is not None and ticket.assignee_id == taker else {}

        self._change("take the ticket back", ticket_id, change, key)

    def _change(
        self,
        what: str,
        ticket_id: int,
        fields: Callable[[Any], Mapping[str, Any]],
        key: str,
        note: str = "",
    ) -> None:
        """A safe update with what `fields` makes of the ticket as it is, and a private comment; none where there is
        neither."""
        with self._doing(what, writes=True), self._clients.lend() as client:
            for _ in range(_SAFE_UPDATE_TRIES):
                ticket = client.tickets(id=ticket_id)
                if ticket.status == "closed":
                    raise ServiceRefused("zendesk", "closed", what)
                changed = fields(ticket)
                if not changed and not note:
                    return
                # A new comment each time: zenpy sends of an object only what it has not sent yet.
                comment = Comment(body=note, public=False) if note else None
                change = _update(ticket_id, key, comment, ticket.updated_at)
                for name, value in changed.items():
                    setattr(change, name, value)
                if _is_taken(client, change):
                    return
        raise ServiceDelayed("zendesk", what, 0.0, False, False)

    def public_reply(self, ticket_id: int, body: str, key: str) -> None:
        """Write to the customer: a public comment."""
        with self._doing("reply to the customer", writes=True), self._clients.lend() as client:
            client.tickets.update(_update(ticket_id, key, Comment(body=body, public=True)))

    # Macros

    def macro_id(self, titles: Sequence[str]) -> int:
        """The first of these titles that an active macro bears. ServiceRefused macro_missing."""
        for look_again in (False, True):
            if look_again:
                with self._doing("list the macros"), self._clients.lend() as client:
                    self._macros = {one.title: int(one.id) for one in client.macros() if one.active}
            for title in titles:
                if title in self._macros:
                    return self._macros[title]
        raise ServiceRefused("zendesk", "macro_missing", "find the macro")

    def preview_macro(self, ticket_id: int, macro_id: int) -> MacroPreview:
        """What the macro would change on this ticket as it is; changes nothing.

        Zendesk answers with the ticket as it would be (developer.zendesk.com, Show Ticket After Changes).
        """
        with self._doing("preview the macro"), self._clients.lend() as client:
            ticket = client.tickets(id=ticket_id)
            effect = client.tickets.show_macro_effect(ticket_id, macro_id)
            return _preview(ticket, effect.ticket, macro_id)

    def apply_macro(
        self, ticket_id: int, preview: MacroPreview, *, comment: str | None, key: str, public: bool = False
    ) -> None:
        """One update with what the preview changes and a comment: private, unless a person chose otherwise.

        ServiceDelayed at once (0 s, not done) if the ticket changed since: preview again.
        """
        note = Comment(body=comment, public=public) if comment else None
        change = _update(ticket_id, key, note, preview.updated_stamp)
        change.macro_id = preview.macro_id
        for field, value in preview.changes.items():
            setattr(change, field, value)
        if preview.tags_added or preview.tags_removed:
            change.tags = list(preview.tags_after)
        with self._doing("apply the macro", writes=True), self._clients.lend() as client:
            if not _is_taken(client, change):
                raise ServiceDelayed("zendesk", "apply the macro", 0.0, False, False)


@contextmanager
def _side_loads(client: Zenpy) -> Iterator[None]:
    """Lets zenpy keep what comes beside the ticket, for this reading: it looks for it in its cache only."""
    client.enable_caching()
    try:
        yield
    finally:
        client.disable_caching()
        for name in client.get_cache_names():
            client.purge_cache(name)


def _update(
    ticket_id: int, key: str, comment: Comment | None, updated_stamp: str | None = None
) -> ZenpyTicket:
    change = ZenpyTicket(id=ticket_id, metadata={"starbot": key})
    if comment is not None:
        change.comment = comment
    if updated_stamp is not None:
        change.updated_stamp = updated_stamp
        change.safe_update = True
    return change


def _is_taken(client: Zenpy, change: ZenpyTicket) -> bool:
    """Send a safe update; False if the ticket changed meanwhile."""
    try:
        client.tickets.update(change)
    except Rejected as no:
        if no.status != 409:
            raise
        return False
    return True


def _key(audit: Any) -> Any:
    return _read(_read(audit.metadata, "custom"), "starbot")


class _Assignment(NamedTuple):
    """Whose the ticket was, and whose it was made; None is nobody, or no change of it."""

    before: int | None
    after: int | None


def _assignment(audit: Any) -> _Assignment:
    """What an audit did to the assignee."""
    for one in audit.events:
        if _read(one, "field_name") == "assignee_id":
            before, after = _read(one, "previous_value"), _read(one, "value")
            return _Assignment(int(before) if before else None, int(after) if after else None)
    return _Assignment(None, None)


def _preview(ticket: Any, after: Any, macro_id: int) -> MacroPreview:
    changes = {
        field: getattr(after, field)
        for field in _MACRO_FIELDS
        if hasattr(after, field) and getattr(after, field) != getattr(ticket, field)
    }
    old = _custom_fields(ticket)
    new = [
        {"id": id_, "value": value} for id_, value in _custom_fields(after).items() if value != old.get(id_)
    ]
    if new:
        changes["custom_fields"] = new
    comment = getattr(after, "comment", None)
    return MacroPreview(
        ticket_id=ticket.id,
        macro_id=macro_id,
        updated_stamp=ticket.updated_at,
        changes=changes,
        tags_added=tuple(tag for tag in after.tags if tag not in ticket.tags),
        tags_removed=tuple(tag for tag in ticket.tags if tag not in after.tags),
        tags_after=tuple(after.tags),
        comment_body=_read(comment, "body"),
        comment_public=bool(_read(comment, "public")),
    )


def _macro_facts(macro: Any) -> MacroFacts:
    """A macro's comment is public unless an action says otherwise (Zendesk's actions reference)."""
    actions = {_read(one, "field"): _read(one, "value") for one in macro.actions or ()}
    mode = str(actions.get("comment_mode_is_public", "true")).lower()
    writes = any(name in actions for name in ("comment_value", "comment_value_html"))
    return MacroFacts(str(macro.title), bool(macro.active), writes, writes and mode == "true")


def _read(thing: Any, name: str) -> Any:
    """A part of what zenpy leaves a dict here and makes an object there."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _custom_fields(ticket: Any) -> dict[int, Any]:
    """Values by field id; updates call them `custom_fields`, previews `fields`."""
    found = getattr(ticket, "custom_fields", None) or getattr(ticket, "fields", None) or ()
    return {_read(one, "id"): _read(one, "value") for one in found}


def _ticket(found: Any, forms: Mapping[int, str]) -> Ticket:
    organisation = found.organization
    form = forms.get(getattr(found, "ticket_form_id", None) or 0)
    sla = tuple(_metrics(found))
    return Ticket(
        id=found.id,
        subject=found.subject or "",
        status=found.status,
        priority=found.priority,
        organisation=organisation.name if organisation else None,
        plan=_plan(organisation),
        product=_product(form, found.tags),
        assignee_name=found.assignee.name if found.assignee else None,
        tags=tuple(found.tags),
        created_at=_moment(found.created_at),
        updated_at=_moment(found.updated_at),
        sla=sla,
        last_public_by=_last_public_by(sla),
        is_internal_request=_is_internal_request(form, found.tags),
        form=form,
    )


def _metrics(found: Any) -> Iterator[SlaMetric]:
    """The SLA clocks: a side-load that only tickets with a policy have, and none without a priority."""
    for one in _read(getattr(found, "slas", None), "policy_metrics") or ():
        breach_at = _read(one, "breach_at")
        yield SlaMetric(
            metric=_read(one, "metric"),
            stage=_read(one, "stage"),
            breach_at=_moment(breach_at) if breach_at else None,
        )


def _last_public_by(sla: Iterable[SlaMetric]) -> Any:
    """A running reply clock means that a customer's comment has no answer yet; a stopped one that it has."""
    stages = {clock.stage for clock in sla if clock.metric in _UNANSWERED_METRICS}
    if not stages:
        return None
    return "customer" if "active" in stages else "support"


def _plan(organisation: Any) -> str | None:
    fields = _read(organisation, "organization_fields") or {}
    plans = (value for name, value in dict(fields).items() if name.endswith("plan") and value)
    return next((str(plan) for plan in plans), None)


def _product(form: str | None, tags: Sequence[str]) -> str | None:
    words = {(form or "").lower(), *tags}
    if any("saas" in word or "gitlab_com" in word for word in words):
        return "GitLab.com"
    if any(word.replace("_", "-") == "self-managed" for word in words):
        return "Self-Managed"
    return None


def _is_internal_request(form: str | None, tags: Sequence[str]) -> bool:
    words = {(form or "").lower().replace(" ", "_"), *tags}
    return bool(words & {"internal_request", "internal_requests"})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
