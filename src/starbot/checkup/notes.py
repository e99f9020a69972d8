"""What one part learns and another needs: who the managers are, and which project it is."""

from dataclasses import dataclass, field

from starbot.core.facts import Person


@dataclass
class Notes:
    """Filled by the vendors' parts, read by the people's part once they have ended."""

    group_members: set[str] = field(default_factory=set)
    """Slack ids."""
    on_call: dict[str, Person] = field(default_factory=dict)
    """By PagerDuty id: whoever has a turn in the next days."""
    project_id: int | None = None
    """The STAR project; None where GitLab did not tell."""
