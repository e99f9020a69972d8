"""Every finding of the doctor and its mend, as tables: what was found, what it comes to, where to mend it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from starbot.checkup import gitlab, house, pagerduty, people, slack, zendesk
from starbot.checkup.finding import Finding, Part
from starbot.core.facts import Person
from starbot.engine.onlooker import DatabaseFacts
from starbot.errors import RefusedReason, ServiceDelayed, ServiceRefused
from starbot.services.gitlab import ProjectFacts, TokenFacts
from starbot.services.pagerduty import Shift
from starbot.services.slack import Channel
from starbot.services.zendesk import Agent, MacroFacts

TODAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 14, tzinfo=UTC)
LENA = Person(name="Lena Vogt", slack="U0LENA", gitlab="lvogt", pagerduty="PLENA")
MACRO = "Support::Managers::Escalated Ticket"
TOKENS = "the STAR project > Settings > Access tokens"


def levels(findings: Iterable[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def only(findings: Iterable[Finding], level: str) -> Finding:
    """The one finding that is not fine."""
    found = list(findings)
    odd = [finding for finding in found if finding.level != "ok"]
    assert [finding.level for finding in odd] == [level], found
    assert odd[0].mend.endswith("."), "a mend is a sentence"
    return odd[0]


# -- Slack


@pytest.mark.parametrize(
    ("granted", "level", "what"),
    [
        ({"chat:write"}, "fix", "scopes missing: emoji:read"),
        ({"chat:write", "emoji:read", "admin"}, "warning", "scopes that the bot does not need: admin"),
        (None, "warning", "scopes: Slack does not say which are granted"),
    ],
)
def test_scopes_are_held_against_the_manifest(granted: set[str] | None, level: str, what: str) -> None:
    found = only(slack.scopes(granted, {"chat:write", "emoji:read"}), level)
    assert found.what == what
    assert "manifest.yml" in found.mend or "OAuth & Permissions" in found.mend


@pytest.mark.parametrize(
    ("refusal", "mend"),
    [
        ("unauthorized", "generate one and set SLACK_APP_TOKEN"),
        ("missing_scope", "generate one with connections:write"),
        ("forbidden", "Socket Mode: switch it on"),
    ],
)
def test_an_app_level_token_that_opens_nothing_is_to_be_mended(refusal: RefusedReason, mend: str) -> None:
    assert mend in only(slack.app_token(refusal), "fix").mend


def test_an_app_level_token_that_opens_a_connection_is_fine() -> None:
    assert levels(slack.app_token(None)) == ["ok"]


@pytest.mark.parametrize(
    ("found", "mend"),
    [
        ({}, "name another in starbot.toml, slack.star_channel"),
        ({"stars": Channel("C1", False)}, "/invite @starbot"),
    ],
)
def test_a_channel_must_be_there_and_the_bot_in_it(found: dict[str, Channel], mend: str) -> None:
    assert mend in only(slack.channel("STAR channel", "slack.star_channel", "stars", found), "fix").mend


def test_the_first_emoji_that_the_workspace_has_is_told() -> None:
    assert [f.what for f in slack.emoji("resolve", ("ours", "eyes"), {"eyes"})] == [
        "emoji to resolve: :eyes:"
    ]
    assert "slack.emoji.resolve" in only(slack.emoji("resolve", ("ours",), {"eyes"}), "fix").mend


@pytest.mark.parametrize(
    ("found", "members", "mend"),
    [
        ([], [], "create it; or name another in starbot.toml, slack.manager_groups"),
        (["mgrs"], [], "add the managers"),
    ],
)
def test_a_user_group_must_be_there_with_somebody_in_it(
    found: list[str], members: list[str], mend: str
) -> None:
    assert (
        mend in only(slack.group("manager group", "slack.manager_groups", "mgrs", found, members), "fix").mend
    )


# -- GitLab


@pytest.mark.parametrize(
    ("scopes", "days", "level", "what"),
    [
        ({"read_api"}, 200, "fix", "api is missing"),
        ({"api"}, 30, "warning", "expires on 2026-12-17"),
        ({"api"}, 0, "fix", "expired on 2026-11-17"),
    ],
)
def test_a_token_must_have_its_scope_and_time_left(
    scopes: set[str], days: int, level: str, what: str
) -> None:
    facts = TokenFacts("starbot", frozenset(scopes), TODAY + timedelta(days=days))
    found = only(gitlab.token(facts, TODAY), level)
    assert what in found.what
    assert TOKENS in found.mend


@pytest.mark.parametrize("expires", [None, TODAY + timedelta(days=31)])
def test_a_token_with_more_than_a_month_is_fine(expires: date | None) -> None:
    assert levels(gitlab.token(TokenFacts("starbot", frozenset({"api"}), expires), TODAY)) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("facts", "confidential", "level", "mend"),
    [
        (ProjectFacts(1, "private", False, False), True, "fix", "switch Issues on"),
        (ProjectFacts(1, "private", True, True), True, "fix", "Unarchive"),
        (ProjectFacts(1, "public", True, False), True, "warning", "Visibility: Private"),
        (ProjectFacts(1, "internal", True, False), True, "warning", "Visibility: Private"),
        (ProjectFacts(1, "public", True, False), False, "fix", "gitlab.confidential = true"),
        (ProjectFacts(1, "internal", True, False), False, "fix", "gitlab.confidential = true"),
    ],
)
def test_a_project_takes_issues_and_hides_them(
    facts: ProjectFacts, confidential: bool, level: str, mend: str
) -> None:
    assert mend in only(gitlab.project("a/b", facts, confidential), level).mend


@pytest.mark.parametrize(("level", "name"), [(0, "none"), (10, "Guest"), (15, "Planner")])
def test_less_than_a_reporter_is_too_little(level: int, name: str) -> None:
    found = only(gitlab.role(level), "fix")
    assert name in found.what
    assert "role Reporter" in found.mend


@pytest.mark.parametrize("level", [20, 30, 50])
def test_a_reporter_is_enough(level: int) -> None:
    assert levels(gitlab.role(level)) == ["ok"]


def test_labels_that_gitlab_would_make_are_told() -> None:
    assert levels(gitlab.labels(("a",), {"a", "b"})) == ["ok"]
    assert "unstarred_label under [gitlab]" in only(gitlab.labels(("a", "typo"), {"a"}), "warning").mend


@pytest.mark.parametrize(
    "by_socket,by_http,told",
    [(True, False, []), (False, True, ["ok"]), (True, True, ["ok", "warning"])],
)
def test_both_ways_in_are_one_too_many(by_socket: bool, by_http: bool, told: list[str]) -> None:
    assert levels(slack.ways_in(by_socket, by_http)) == told


# -- Zendesk

AGENT = Agent("Bot", "agent", False, False, False, "")


@pytest.mark.parametrize(
    ("agent", "level", "what"),
    [
        (AGENT._replace(role="end-user"), "fix", "may not write private notes"),
        (AGENT._replace(is_light=True), "fix", "light agent"),
        (AGENT._replace(is_suspended=True), "fix", "suspended"),
        (AGENT._replace(only_private=True), "warning", "only comment privately"),
        (AGENT._replace(sees="groups"), "warning", "sees only some tickets (groups)"),
    ],
)
def test_the_agent_must_be_able_to_note_and_tag(agent: Agent, level: str, what: str) -> None:
    found = only(zendesk.agent(agent), level)
    assert what in found.what
    assert "People > Team members" in found.mend


def test_an_api_token_has_a_last_day() -> None:
    assert levels(zendesk.credentials(is_oauth=True)) == ["ok"]
    assert "2027-04-30" in only(zendesk.credentials(is_oauth=False), "warning").what


@pytest.mark.parametrize(
    ("found", "level", "what"),
    [
        ([], "fix", f"macro {MACRO}: not found"),
        ([MacroFacts(MACRO, False, True, False)], "fix", f"macro {MACRO}: inactive"),
        ([MacroFacts(MACRO, True, True, True)], "warning", "its comment is public"),
    ],
)
def test_the_macro_must_be_active_and_a_public_one_is_told(
    found: list[MacroFacts], level: str, what: str
) -> None:
    judged = only(zendesk.macro((MACRO,), found), level)
    assert what in judged.what
    assert "Agent tools > Macros" in judged.mend


def test_an_active_macro_of_a_later_title_serves() -> None:
    found = [MacroFacts("first", False, True, False), MacroFacts("second", True, True, False)]
    assert [f.what for f in zendesk.macro(("first", "second"), found)] == [
        "macro second: active, comments privately"
    ]


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        ((), []),
        (("first", "second"), ["macro second: active"]),
        (("none", "off"), ["macro none: not found, or inactive; the macro for it would fail"]),
    ],
)
def test_a_macro_that_is_offered_beside_other_ways_is_a_warning_where_it_is_missing(
    titles: tuple[str, ...], found: list[str]
) -> None:
    macros = [MacroFacts("second", True, True, True), MacroFacts("off", False, True, True)]
    told = list(zendesk.offered_macro(titles, macros, "the macro for it", "compromised.macro"))
    assert [one.what for one in told] == found
    assert all("compromised.macro (empty: not offered)" in one.mend for one in told if one.level != "ok")


@pytest.mark.parametrize(
    ("tag", "level"),
    [("star_submitted", "ok"), ("", "ok"), ("Star", "warning"), ("star!", "warning"), ("star::x", "ok")],
)
def test_a_tag_is_one_that_zendesk_keeps(tag: str, level: str) -> None:
    assert levels(zendesk.tag(tag)) == [level]


def test_ticket_forms_that_cannot_be_seen_are_told() -> None:
    assert levels(zendesk.fields(3, 8)) == ["ok"]
    assert "ticket forms" in only(zendesk.fields(3, None), "warning").mend


# -- PagerDuty


def turn(starts_in_h: int, hours: int = 8) -> Shift:
    start = NOW + timedelta(hours=starts_in_h)
    return Shift(LENA, "PS1", start, start + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("is_there", "turns", "is_at_work", "level", "what"),
    [
        (True, [turn(-1)], True, "ok", "Lena Vogt on call"),
        (True, [turn(5)], False, "ok", "next Lena Vogt, Tue 19:00 UTC"),
        (True, [turn(5)], True, "warning", "nobody is on call, in its region's hours"),
        (True, [], False, "warning", "nobody for 7 days"),
        (False, [], True, "fix", "not found"),
    ],
)
def test_a_schedule_must_be_there_with_somebody_in_it(
    is_there: bool, turns: list[Shift], is_at_work: bool, level: str, what: str
) -> None:
    [found] = pagerduty.schedule("Managers", is_there, turns, NOW, is_at_work)
    assert (found.level, what in found.what) == (level, True)
    assert (level == "ok") == (found.mend == "")


def test_a_moment_with_nobody_anywhere_is_told() -> None:
    assert levels(pagerduty.nobody([turn(-1)], NOW)) == []
    assert "fallback group" in only(pagerduty.nobody([turn(3)], NOW), "warning").what


def test_a_key_of_a_person_is_told() -> None:
    [found] = pagerduty.key("")
    assert found.level == "ok"
    assert "that it may write, which paging needs, cannot be seen by reading" in found.what
    assert "read-only" in only(pagerduty.key("Lena Vogt"), "warning").mend


def test_the_from_address_must_be_somebody() -> None:
    assert "cannot page" in only(pagerduty.speaks_as("", False), "warning").what
    assert levels(pagerduty.speaks_as("lena@example.com", True)) == ["ok"]
    assert "PagerDuty > People > Users" in only(pagerduty.speaks_as("x@example.com", False), "fix").mend


@pytest.mark.parametrize("what,place", [("service", "Service Directory"), ("escalation policy", "Policies")])
def test_what_a_page_goes_to_must_be_there_by_its_name(what: str, place: str) -> None:
    assert levels(pagerduty.page_targets(what, {"backup_service": "Pool"}, {"Pool": "P1"})) == ["ok"]
    found = only(pagerduty.page_targets(what, {"backup_service": "Pool"}, {}), "fix")
    assert place in found.mend
    assert "backup_service under [paging]" in found.mend


# -- the people


@pytest.mark.parametrize(
    ("person", "level", "mend"),
    [
        (LENA.model_copy(update={"slack": ""}), "fix", "slack:"),
        (LENA.model_copy(update={"gitlab": ""}), "warning", "gitlab:"),
        (LENA.model_copy(update={"gitlab": "stranger"}), "warning", "invite them"),
    ],
)
def test_a_manager_without_an_id_is_named(person: Person, level: str, mend: str) -> None:
    found = only(people.managers([LENA, person], {"lvogt"}), level)
    assert mend in found.mend
    assert person.name in found.what or person.gitlab in found.what


def test_managers_with_every_id_are_fine() -> None:
    assert levels(people.managers([LENA], {"lvogt"})) == ["ok"]


# -- the house


@pytest.mark.parametrize(
    ("python", "sqlite", "uses_sqlite", "level"),
    [
        ((3, 11), (3, 40, 1), True, "ok"),
        ((3, 12), (3, 40, 1), True, "warning"),
        ((3, 13), (3, 42, 0), True, "ok"),
        ((3, 13), (3, 40, 1), False, "ok"),
    ],
)
def test_a_new_python_on_an_old_sqlite_is_told(
    python: tuple[int, int], sqlite: tuple[int, ...], uses_sqlite: bool, level: str
) -> None:
    assert levels(house.versions(python, sqlite, uses_sqlite)) == [level]


DATABASE = DatabaseFacts("SQLite, starbot.db", "0001", "0001", True, 0, "")


@pytest.mark.parametrize(
    ("facts", "level", "mend"),
    [
        (DATABASE._replace(why_not_writable="/srv cannot be written"), "fix", "DATABASE_URL"),
        (DATABASE._replace(schema="0009", knows_schema=False), "fix", "Install that version again"),
        (DATABASE._replace(newest="0002"), "warning", "Copy the database"),
    ],
)
def test_a_database_must_be_writable_and_known(facts: DatabaseFacts, level: str, mend: str) -> None:
    assert mend in only(house.database(facts), level).mend


def test_an_empty_database_and_a_running_bot_are_no_faults() -> None:
    assert levels(house.database(DATABASE._replace(schema=""))) == ["ok", "ok"]
    one, two = (list(house.database(DATABASE._replace(bots=bots))) for bots in (1, 2))
    assert one[-1].what == "database: a bot is running on it"
    assert two[-1].what == "database: 2 bots are running on it"
    assert levels(one) == levels(two) == ["ok"] * 3


# -- what all vendors have in common

VENDOR = Part("Vendor")


@pytest.mark.parametrize(
    ("skew_s", "level"), [(0.4, "ok"), (-4.9, "ok"), (5.5, "warning"), (-59.0, "warning"), (61.0, "fix")]
)
def test_a_clock_that_is_wrong_is_told_before_signatures_fail(skew_s: float, level: str) -> None:
    [found] = VENDOR.clock(skew_s)
    assert (found.level, "timedatectl" in found.mend) == (level, level != "ok")


def test_a_clock_that_nobody_tells_is_no_finding() -> None:
    assert list(VENDOR.clock(None)) == []


def silent() -> list[Finding]:
    raise ServiceDelayed("gitlab", "ask who we are")


def stranger() -> list[Finding]:
    raise ServiceRefused("gitlab", "unauthorized", "ask who we are")


def forbidden() -> list[Finding]:
    raise ServiceRefused("gitlab", "forbidden", "list the labels")


def fine() -> list[Finding]:
    return [VENDOR.ok("fine")]


def test_a_silent_vendor_and_one_that_does_not_know_us_are_asked_no_further() -> None:
    assert levels(VENDOR.walk([silent, fine], {})) == ["fix"]
    assert levels(VENDOR.walk([stranger, fine], {})) == ["fix"]
    assert levels(VENDOR.walk([forbidden, fine], {"forbidden": "Give it."})) == ["fix", "ok"]
