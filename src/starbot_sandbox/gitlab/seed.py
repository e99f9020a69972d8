"""What a scenario says about a GitLab instance before anything has happened in it."""

from dataclasses import dataclass
from datetime import date


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
    """A project that only `members` (user ids, as Developers) see, everybody else gets a 404; `reporters` are
    those of them with less."""

    id: int
    path: str
    name: str
    members: tuple[int, ...]
    labels: tuple[GitLabLabel, ...] = ()
    reporters: tuple[int, ...] = ()


@dataclass(frozen=True)
class GitLabSeed:
    """An instance: accounts, projects, and the access tokens with the id of the user behind each."""

    users: tuple[GitLabUser, ...]
    projects: tuple[GitLabProject, ...]
    tokens: dict[str, int]
    scoped_labels_exclusive: bool = True
    tokens_expire: date | None = None
