"""What a scenario says about a GitLab instance before anything has happened in it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GitLabUser:
    """An account. `id` is the global user id, `username` what stands behind an @."""

    id: int
    username: str
    name: str
    email: str
    bot: bool = False


@dataclass(frozen=True)
class GitLabLabel:
    """A project label. `color` is "#rrggbb"."""

    id: int
    name: str
    color: str = "#428bca"
    description: str | None = None


@dataclass(frozen=True)
class GitLabProject:
    """A private project; only `members` (user ids) see it, everybody else gets a 404."""

    id: int
    path: str
    name: str
    members: tuple[int, ...]
    labels: tuple[GitLabLabel, ...] = ()


@dataclass(frozen=True)
class GitLabSeed:
    """An instance: accounts, projects, and the access tokens with the id of the user behind each."""

    users: tuple[GitLabUser, ...]
    projects: tuple[GitLabProject, ...]
    tokens: dict[str, int]
    scoped_labels_exclusive: bool = True
