"""What all words of a STAR are made of: how the organisation looks, names, moments, Slack's building blocks."""

from starbot.blocks import VALUE_LIMIT, group_mention, permalink
from starbot.core.facts import Fact, Person
from starbot.core.text import gitlab_text, one_line
from starbot.duties.stars.model import Star

SYSTEMS = {"slack": "Slack", "gitlab": "GitLab", "zendesk": "Zendesk", "pagerduty": "PagerDuty"}
ANSWER_LIMIT = 900
NOTE_LIMIT = 20_000
ISSUE_TEXT_LIMIT = 100_000


class Look(Fact):
    """How a STAR looks at this organisation: names and addresses from the settings, ids resolved at start."""

    team_url: str
    ticket_link: str
    """With {ticket} for the number."""
    fallback_group: str = ""
    """Id of the user group that is mentioned when nobody is known to be on call."""
    fallback_name: str = "support-manager-oncall"
    broadcast: bool = True
    acknowledge_emoji: str = "eyes"
    resolve_emoji: str = "green-check-mark"
    urgencies: tuple[str, ...] = ("Urgent", "Timely", "Not Urgent")
    urgency_minutes: tuple[int, ...] = (30, 60, 120)
    """In the order of `urgencies`."""
    plans: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    unstar_reasons: tuple[tuple[str, str], ...] = ()
    """Each with what to do instead; "" where nothing is proposed."""
    category_scope: str = "Escalation"
    categories: tuple[str, ...] = ()
    """The labels that triage may choose from."""
    unstarred_label: str = "unstarred"
    ticket_age_minutes: int = 30
    how_to_star: str = ""
    emergency: str = ""
    issue_title: str = "STAR: ticket {ticket}, {customer} ({urgency})"
    issue_description: str = ""
    issue_labels: tuple[str, ...] = ()
    ticket_tag: str = "star_submitted"
    issue_blanks: tuple[str, ...] = ("ISSUE_LINK",)
    thread_blanks: tuple[str, ...] = ("THREAD_LINK",)
    undo_minutes: int = 10
    adopt_minutes: int = 0
    """How long another bot's issue about the ticket is waited for; 0: there is no other bot."""


def fallback(look: Look) -> str:
    """Whoever is asked when nobody else is known."""
    return group_mention(look.fallback_group, look.fallback_name)


def thread_link(star: Star, look: Look) -> str:
    """Where the STAR is talked about; "" while it is nowhere in Slack yet."""
    there = star.card or star.root
    return permalink(look.team_url, there) if there else ""


def ticket_address(star: Star, look: Look) -> str:
    """Where the ticket is."""
    return look.ticket_link.replace("{ticket}", str(star.form.ticket))


def twin_sentence(star: Star, look: Look) -> str:
    """Where the STAR is that was there first; "" for one that is by itself."""
    if star.linked_to is None:
        return ""
    there = star.linked_to.root
    where = f"<{permalink(look.team_url, there)}|here it is>" if there else "its card is on its way"
    return f"Ticket #{star.form.ticket} already has an open STAR: {where}."


def named(person: Person | None) -> str:
    """A person in GitLab."""
    return gitlab_text(one_line(person.name, VALUE_LIMIT)) if person else "Somebody"


def customer_of(star: Star) -> str:
    """The customer as Zendesk knows them, else as the form says."""
    return (star.ticket.organisation if star.ticket else None) or star.form.customer or ""
