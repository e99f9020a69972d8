"""The people of the sandbox: one list that feeds Slack, GitLab, Zendesk, PagerDuty and the people file."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["manager", "engineer", "field", "guest"]

ZONES = {"APAC": "Australia/Brisbane", "EMEA": "Europe/Amsterdam", "AMER": "America/Los_Angeles"}


@dataclass(frozen=True)
class Person:
    """An employee or guest, with ids; `n` is their number in GitLab (2000 + n) and Zendesk (4000 + n)."""

    n: int
    name: str
    role: Role
    slack: str
    gitlab: str = ""
    pagerduty: str = ""
    region: str = ""
    title: str = ""

    @property
    def email(self) -> str:
        """first.last@example.com"""
        return f"{self.short_name}@example.com"

    @property
    def short_name(self) -> str:
        """first.last, the Slack user name."""
        return self.name.lower().replace(" ", ".")

    @property
    def time_zone(self) -> str:
        """The IANA zone of the region, UTC where there is none."""
        return ZONES.get(self.region, "Etc/UTC")

    @property
    def gitlab_id(self) -> int:
        """The global GitLab user id."""
        return 2000 + self.n

    @property
    def zendesk_id(self) -> int:
        """The Zendesk user id."""
        return 4000 + self.n


def _manager(n: int, slack: str, name: str, gitlab: str, pagerduty: str, region: str) -> Person:
    return Person(n, name, "manager", slack, gitlab, pagerduty, region, f"Support Manager, {region}")


def _engineer(n: int, name: str, gitlab: str, region: str) -> Person:
    return Person(
        10 + n, name, "engineer", f"U0ENG{n:02}", gitlab, f"PENG{n:02}", region, f"Support Engineer, {region}"
    )


MANAGERS = (
    _manager(1, "U0MEI", "Mei Tanaka", "mtanaka", "PMEI", "APAC"),
    _manager(2, "U0RAVI", "Ravi Iyer", "riyer", "PRAVI", "APAC"),
    _manager(3, "U0LENA", "Lena Vogt", "lvogt", "PLENA", "EMEA"),
    # No GitLab name on purpose: the app under test must cope with a manager it cannot assign.
    _manager(4, "U0TOMAS", "Tomas Novak", "", "PTOMAS", "EMEA"),
    _manager(5, "U0MARIA", "Maria Santos", "msantos", "PMARIA", "AMER"),
    _manager(6, "U0JAMES", "James Cole", "jcole", "PJAMES", "AMER"),
)

ENGINEERS = (
    _engineer(1, "Aiko Mori", "amori", "APAC"),
    _engineer(2, "Dev Sharma", "dsharma", "APAC"),
    _engineer(3, "Grace Wu", "gracewu", "APAC"),
    _engineer(4, "Liam Walker", "lwalker", "APAC"),
    _engineer(5, "Anna Kowalska", "akowalska", "EMEA"),
    _engineer(6, "Pieter Bakker", "pbakker", "EMEA"),
    _engineer(7, "Sofia Rossi", "srossi", "EMEA"),
    _engineer(8, "Yusuf Demir", "ydemir", "EMEA"),
    _engineer(9, "Carlos Mendes", "cmendes", "AMER"),
    _engineer(10, "Hannah Fields", "hfields", "AMER"),
    _engineer(11, "Marcus Reed", "mreed", "AMER"),
    _engineer(12, "Olivia Tran", "otran", "AMER"),
)

CASEY = Person(31, "Casey Lin", "field", "U0CASEY", "clin", title="Customer Success Manager")
NOAH = Person(32, "Noah Berg", "field", "U0NOAH", "nberg", title="Account Executive")
GUEST = Person(33, "Gil Guest", "guest", "U0GUEST", title="Contractor")
# Files STARs and is not in their channel: she hears of them by direct message only.
PRIYA = Person(34, "Priya Nair", "field", "U0PRIYA", "pnair", title="Customer Success Manager")

PEOPLE = (*MANAGERS, *ENGINEERS, CASEY, NOAH, GUEST, PRIYA)


def engineers_of(region: str) -> tuple[Person, ...]:
    """The engineers of "APAC", "EMEA" or "AMER", in the order of their rotation."""
    return tuple(one for one in ENGINEERS if one.region == region)


def managers_of(region: str) -> tuple[Person, ...]:
    """The managers of a region, in the order of their rotation."""
    return tuple(one for one in MANAGERS if one.region == region)
