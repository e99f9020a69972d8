"""GitLab: the token and its last day, the project, who can read it, and what the bot may do in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from starbot.checkup.finding import Finding, Part, Skew, listed
from starbot.checkup.notes import Notes
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.gitlab import GitLabService, ProjectFacts, TokenFacts
from starbot.settings import Settings

GITLAB = Part("GitLab")

REPORTER = 20
ROLES = {0: "none", 5: "Minimal Access", 10: "Guest", 15: "Planner", 20: "Reporter", 25: "Security Manager"}
WARN_BEFORE = timedelta(days=30)
_TOKENS = "the STAR project > Settings > Access tokens"

MENDS: Mapping[RefusedReason, str] = {
    "unauthorized": f"{_TOKENS}: create one with role Reporter and scope api, and set GITLAB_TOKEN.",
    "forbidden": f"{_TOKENS}: create one with scope api, and set GITLAB_TOKEN.",
    "project_missing": "Give the token's user the role Reporter in the project, or mend the path in starbot.toml, "
    "gitlab.project.",
}


def steps(
    settings: Settings, gitlab: GitLabService, now: datetime, notes: Notes, skew: Skew
) -> Iterator[Finding]:
    """Everything about GitLab."""
    return GITLAB.walk(
        [
            lambda: [GITLAB.ok(f"token: {gitlab.whoami()[1]}")],
            lambda: _token(gitlab, now),
            lambda: _project(settings, gitlab, notes),
            lambda: GITLAB.clock(skew()),
        ],
        MENDS,
    )


def _token(gitlab: GitLabService, now: datetime) -> Iterator[Finding]:
    try:
        facts = gitlab.own_token()
    except ServiceRefused as no:
        if no.reason not in ("not_found", "forbidden"):
            raise
        # GitLab before 15.5, and tokens without a right to ask about themselves.
        yield GITLAB.warning(
            "token: GitLab does not say until when it is valid", f"Put its last day in a calendar: {_TOKENS}."
        )
        return
    yield from token(facts, now.date())


def token(facts: TokenFacts, today: date) -> Iterator[Finding]:
    """What the token may do, and until when."""
    if "api" not in facts.scopes:
        yield GITLAB.fix(f"token scopes: {listed(facts.scopes)}; api is missing", MENDS["forbidden"])
    else:
        yield GITLAB.ok(f"token scopes: {listed(facts.scopes)}")
    mend = f"{_TOKENS}: create a new one and set GITLAB_TOKEN; the old one may stay until then."
    if facts.expires is None:
        yield GITLAB.ok("token: does not expire")
    elif facts.expires <= today:
        yield GITLAB.fix(f"token: expired on {facts.expires}", mend)
    elif facts.expires - today <= WARN_BEFORE:
        yield GITLAB.warning(f"token: expires on {facts.expires}", mend)
    else:
        yield GITLAB.ok(f"token: valid until {facts.expires}")


def _project(settings: Settings, gitlab: GitLabService, notes: Notes) -> Iterator[Finding]:
    path = settings.gitlab.project
    facts = gitlab.project(path)
    notes.project_id = facts.id
    yield from project(path, facts, settings.gitlab.confidential)
    yield from role(gitlab.access_level(facts.id, gitlab.whoami()[0]))
    told = settings.gitlab
    wanted = dict.fromkeys((*told.labels, *told.categories, told.unstarred_label))
    yield from labels(list(wanted), gitlab.label_names(facts.id))


def project(path: str, facts: ProjectFacts, confidential: bool) -> Iterator[Finding]:
    """Issues can be opened in it, and no stranger reads them: a STAR holds customers' data."""
    if facts.is_archived:
        yield GITLAB.fix(f"project {path}: archived", "The project > Settings > General > Unarchive.")
    elif not facts.has_issues:
        yield GITLAB.fix(
            f"project {path}: issues are switched off",
            "The project > Settings > General > Visibility, project features: switch Issues on.",
        )
    else:
        yield GITLAB.ok(f"project {path}: there, with issues")
    if facts.visibility == "private":
        yield GITLAB.ok("project visibility: private")
    elif confidential:
        yield GITLAB.warning(
            f"project visibility: {facts.visibility}; only confidential keeps customers' data from readers",
            "The project > Settings > General > Visibility: Private, unless it must be open.",
        )
    else:
        yield GITLAB.fix(
            f"project visibility: {facts.visibility}, and issues are not confidential: customers' data shows",
            "Set gitlab.confidential = true in starbot.toml, or the project > Settings > General > Visibility: "
            "Private.",
        )


def role(level: int) -> Iterator[Finding]:
    """Reporters open confidential issues and set labels."""
    name = ROLES.get(level, "Developer or more")
    if level < REPORTER:
        yield GITLAB.fix(
            f"role in the project: {name}, which is too little to set labels and keep issues confidential",
            "The project > Manage > Members: give the token's user the role Reporter.",
        )
    else:
        yield GITLAB.ok(f"role in the project: {name}")


def labels(wanted: Sequence[str], found: Collection[str]) -> Iterator[Finding]:
    """The labels of the settings; one that is missing GitLab makes without asking, under that very name."""
    missing = [name for name in wanted if name not in found]
    if missing:
        yield GITLAB.warning(
            f"labels missing: {listed(missing)}; GitLab would make them",
            "The project > Manage > Labels: create them, or mend labels, categories and unstarred_label under [gitlab] "
            "in starbot.toml.",
        )
    else:
        yield GITLAB.ok(f"labels: {listed(wanted)}")
