"""What a scenario says about a Slack workspace before anything has happened in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SlackTeam:
    """Another workspace, which shares a channel with this one (Slack Connect)."""

    id: str
    domain: str


@dataclass(frozen=True)
class SlackUser:
    """A person in the workspace. `name` is the short user name ("lena.vogt"), `real_name` what people see.

    `team` is None for the workspace's own people, and where somebody else comes from for the others.
    """

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "Etc/UTC"
    title: str = ""
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False
    team: SlackTeam | None = None
    is_stranger: bool = False


@dataclass(frozen=True)
class SlackChannel:
    """A channel and the ids of its members (the bot's user id among them where it was invited)."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    is_archived: bool = False
    is_private: bool = False


@dataclass(frozen=True)
class SlackGroup:
    """A user group: `handle` is what stands behind the @, `users` are user ids."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class Colleague:
    """One row of a team's people file: the same person in the four systems ("" where not known)."""

    name: str
    email: str
    slack: str
    gitlab: str = ""
    pagerduty: str = ""
    region: str = ""
    zendesk: str = ""


@dataclass(frozen=True)
class FormField:
    """A question of a form of Workflow Builder: a line, a `long` text, or one of `options`. `example` is an answer."""

    label: str
    example: str
    options: tuple[str, ...] = ()
    long: bool = False


@dataclass(frozen=True)
class SlackSeed:
    """A workspace: who and what is in it. `emoji` maps custom names to image addresses.

    `colleagues` is served at GET /_sandbox/people for the people file of an app under test. `form` is the form of
    Workflow Builder whose post goes to the channel `form_channel`.
    """

    users: tuple[SlackUser, ...]
    channels: tuple[SlackChannel, ...]
    groups: tuple[SlackGroup, ...] = ()
    emoji: dict[str, str] = field(default_factory=dict)
    colleagues: tuple[Colleague, ...] = ()
    team_id: str = "T0SANDBOX"
    team_name: str = "GitLab Sandbox"
    team_domain: str = "gitlab-sandbox"
    bot_user_id: str = "U0STARBOT"
    bot_id: str = "B0STARBOT"
    bot_name: str = "starbot"
    app_id: str = "A0STARBOT"
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    signing_secret: str = "sandbox-signing-secret"
    workflow_bot_id: str = "B0WORKFLOW"
    workflow_id: str = "Wf0STARFORM"
    workflow_name: str = "STAR Form"
    form: tuple[FormField, ...] = ()
    form_channel: str = ""

    def team_of(self, user: SlackUser) -> SlackTeam:
        """The workspace that a person belongs to."""
        return user.team or SlackTeam(self.team_id, self.team_domain)

    def is_shared(self, members: Iterable[str]) -> bool:
        """Whether somebody of another workspace is among these user ids (Slack Connect)."""
        return not {user.id for user in self.users if user.team}.isdisjoint(members)
