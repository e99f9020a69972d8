"""The people: whether each manager can be mentioned in Slack and assigned in GitLab."""

from collections.abc import Collection, Iterable, Iterator

from starbot.checkup.finding import Finding, Part, listed
from starbot.checkup.notes import Notes
from starbot.core.facts import Person
from starbot.services.people import People
from starbot.services.slack import SlackService
from starbot.vendors import Services

PEOPLE = Part("People")


def steps(services: Services, notes: Notes) -> Iterator[Finding]:
    """Everybody on call soon or in a manager group, as the people file and Slack know them."""
    return PEOPLE.walk([lambda: _managers(services, notes)], {})


def _managers(services: Services, notes: Notes) -> Iterator[Finding]:
    everybody = _known(services.slack, services.people, notes)
    usernames = {person.gitlab for person in everybody if person.gitlab}
    members = usernames
    if notes.project_id is not None:
        members = services.gitlab.members_among(notes.project_id, usernames)
    yield from managers(everybody, members)


def _known(slack: SlackService, people: People, notes: Notes) -> list[Person]:
    scheduled = [_with_slack(slack, people.known(person)) for person in notes.on_call.values()]
    known = {person.slack for person in scheduled}
    in_groups = [
        people.known(Person(name=slack.user_name(slack_id), slack=slack_id))
        for slack_id in sorted(notes.group_members - known)
    ]
    return [*scheduled, *in_groups]


def _with_slack(slack: SlackService, person: Person) -> Person:
    if person.slack or not person.email:
        return person
    return person.model_copy(update={"slack": slack.user_id_by_email(person.email) or ""})


def managers(found: Iterable[Person], gitlab_members: Collection[str]) -> Iterator[Finding]:
    """Who lacks what. Without a Slack id nobody is called; without a GitLab name no issue is assigned."""
    everybody = list(found)
    no_slack = [person.name for person in everybody if not person.slack]
    no_gitlab = [person.name for person in everybody if not person.gitlab]
    if no_slack:
        yield PEOPLE.fix(
            f"on call, but unknown in Slack: {listed(no_slack)}",
            "Write slack: (their profile > ... > Copy member ID) beside their name in the people file "
            "(STARBOT_PEOPLE), or give them the same e-mail address in PagerDuty and Slack.",
        )
    if no_gitlab:
        yield PEOPLE.warning(
            f"without a GitLab name, so never assigned: {listed(no_gitlab)}",
            "Write gitlab: beside their name in the people file (STARBOT_PEOPLE).",
        )
    strangers = [p.gitlab for p in everybody if p.gitlab and p.gitlab not in gitlab_members]
    if strangers:
        yield PEOPLE.warning(
            f"no members of the STAR project, so never assigned: {listed(strangers)}",
            "The project > Manage > Members: invite them; or mend gitlab: in the people file (STARBOT_PEOPLE).",
        )
    if not (no_slack or no_gitlab or strangers):
        yield PEOPLE.ok(f"all {len(everybody)} managers have their ids")
