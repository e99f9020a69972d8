"""The settings: the only reader of the environment and of the TOML file.

Secrets and addresses come from environment variables (and `.env` in the working folder, which they
win over). Everything that an organisation names comes from `defaults.toml`, with `starbot.toml` in
the working folder laid over it. `load` reads all of it once and makes all complaints at once, each
with the key, what is wrong and the mend. No complaint ever quotes a secret.
"""

import difflib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from starbot.errors import SetupError

SETTINGS_FILE = "starbot.toml"
LEAST_DAYS = 7
"""So long the engine keeps what it finished, and so far back an absence is caught up with."""


def is_loopback(url: str) -> bool:
    """Whether the address leads to this machine only."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _word(text: str) -> str:
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("holds white space or letters beyond ASCII: copy it once more")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    _word(secret.get_secret_value())
    return secret


_NOT_IN_A_LINK = frozenset('<>|{}"')  # Slack would end the link there


def _link(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not re.fullmatch(r"[!-~]+", url) or set(url) & _NOT_IN_A_LINK:
        raise ValueError("is no address: write it as https://host")
    return url


def _address(url: str) -> str:
    parts = urlsplit(_link(url))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("is more than an address: leave out user, password, ? and #")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("would carry tokens in clear text: use https://")
    return url.rstrip("/")


def _api_address(url: str) -> str:
    return _address(url) + "/"  # slack_sdk joins the method's name to it


def _loopback(url: str) -> str:
    if not is_loopback(_address(url)):
        raise ValueError("is for the sandbox on this machine only: remove it")
    return url.rstrip("/")


def _database(url: str) -> str:
    if not re.match(r"(sqlite|postgres|postgresql(\+psycopg)?)://", url):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return url


def _days_kept(days: int) -> int:
    if days and days < LEAST_DAYS:
        raise ValueError(f"must be 0 (for ever) or at least {LEAST_DAYS}: work is found again for so long")
    return days


def _listen(address: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", address)
    if not found or not 1 <= int(found[2]) <= 65535:
        raise ValueError("is no address to listen at: write host:port, such as 127.0.0.1:8080")
    return address


def _token(prefix: str, name: str) -> AfterValidator:
    def check(token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith(prefix):
            raise ValueError(f"is not {name}: that begins with {prefix}")
        return _secret(token)

    return AfterValidator(check)


def _where(text: str, *, example: str = "") -> dict[str, Any]:
    return {"where": text, "example": example}


Address: TypeAlias = Annotated[str, AfterValidator(_address)]
ApiAddress: TypeAlias = Annotated[str, AfterValidator(_api_address)]
LoopbackAddress: TypeAlias = Annotated[str, AfterValidator(_loopback)]
DatabaseAddress: TypeAlias = Annotated[str, AfterValidator(_database)]
ListenAddress: TypeAlias = Annotated[str, AfterValidator(_listen)]
Word: TypeAlias = Annotated[str, AfterValidator(_word)]
Secret: TypeAlias = Annotated[SecretStr, AfterValidator(_secret)]


class Env(BaseSettings):
    """Secrets and addresses: one environment variable each."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    slack_bot_token: Annotated[SecretStr, _token("xoxb-", "a bot token")] = Field(
        description="The bot's token in Slack.",
        json_schema_extra=_where(
            "api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token (xoxb-...)"
        ),
    )
    slack_app_token: Annotated[SecretStr, _token("xapp-", "an app-level token")] = Field(
        default=SecretStr(""),
        validate_default=False,
        description="The app-level token that opens the Socket Mode connection.",
        json_schema_extra=_where(
            "api.slack.com/apps > your app > Basic Information > App-Level Tokens (xapp-...),"
            " scope connections:write"
        ),
    )
    slack_signing_secret: Secret = Field(
        default=SecretStr(""),
        description="The secret by which requests are known to be Slack's: it opens HTTP mode (docs/http.md).",
        json_schema_extra=_where(
            "api.slack.com/apps > your app > Basic Information > App Credentials > Signing Secret"
        ),
    )
    slack_api_url: ApiAddress = Field(
        default="https://slack.com/api/",
        description="Slack's Web API.",
    )
    gitlab_url: Address = Field(
        default="https://gitlab.com",
        description="The GitLab instance that holds the STAR issues.",
        json_schema_extra=_where("the address in your browser", example="https://gitlab.com"),
    )
    gitlab_token: Secret = Field(
        description="A token that may read and write issues in the STAR project.",
        json_schema_extra=_where("the STAR project > Settings > Access tokens, role Reporter, scope api"),
    )
    zendesk_url: Address = Field(
        description="The Zendesk account.",
        json_schema_extra=_where("the address in your browser", example="https://gitlab.zendesk.com"),
    )
    zendesk_client_id: Word = Field(
        default="",
        description="The OAuth client's identifier, for the client credentials grant.",
        json_schema_extra=_where(
            "Zendesk Admin Center > Apps and integrations > APIs > OAuth clients", example="starbot"
        ),
    )
    zendesk_client_secret: Secret = Field(
        default=SecretStr(""),
        description="The OAuth client's secret.",
        json_schema_extra=_where("shown once when the OAuth client is made"),
    )
    zendesk_email: Word = Field(
        default="",
        description="The agent whose API token is used, where there is no OAuth client.",
        json_schema_extra=_where("the agent's e-mail address"),
    )
    zendesk_token: Secret = Field(
        default=SecretStr(""),
        description="An API token, where there is no OAuth client. Zendesk ends API tokens on 2027-04-30.",
        json_schema_extra=_where("Zendesk Admin Center > Apps and integrations > APIs > API tokens"),
    )
    pagerduty_url: Address = Field(
        default="https://api.pagerduty.com",
        description="PagerDuty's REST API; accounts in the EU have https://api.eu.pagerduty.com.",
    )
    pagerduty_token: Secret = Field(
        description="A REST API key: the bot asks who is on call, and opens the pages that somebody confirmed.",
        json_schema_extra=_where(
            "PagerDuty > Integrations > API Access Keys > Create New API Key, not read-only"
        ),
    )
    pagerduty_from: Word = Field(
        default="",
        description="The e-mail address in whose name the bot speaks to PagerDuty.",
        json_schema_extra=_where("a PagerDuty user's e-mail address", example="starbot@example.com"),
    )
    pagerduty_webhook_secret: Secret = Field(
        default=SecretStr(""),
        description="The secret by which webhooks are known to be PagerDuty's (docs/http.md); two, with a comma "
        "between them, while one takes the place of the other. Without it the bot asks PagerDuty itself.",
        json_schema_extra=_where(
            "shown once when the webhook is made: PagerDuty > Integrations > Generic Webhooks (v3)"
        ),
    )
    database_url: DatabaseAddress = Field(
        default="sqlite:///starbot.db",
        repr=False,
        description="Where cases are kept: a SQLite file (one bot a file), or PostgreSQL, which bots may share.",
        json_schema_extra=_where("", example="postgresql://starbot@host/starbot"),
    )
    sandbox_clock: LoopbackAddress | None = Field(
        default=None,
        validation_alias="STARBOT_SANDBOX_CLOCK",
        description="The sandbox's clock, which the bot then follows. This machine only.",
        json_schema_extra=_where("starbot sandbox --print-env"),
    )
    people: Path | None = Field(
        default=None,
        validation_alias="STARBOT_PEOPLE",
        description="The YAML file of managers' ids, see below. Without it e-mail addresses tell who is who.",
        json_schema_extra=_where("", example="people.yml"),
    )
    config: Path | None = Field(
        default=None,
        validation_alias="STARBOT_CONFIG",
        description="The TOML file of names. Without it starbot.toml in the working folder, if there is one.",
        json_schema_extra=_where("", example="starbot.toml"),
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = Field(
        default="INFO",
        validation_alias="STARBOT_LOG_LEVEL",
        description="How much is logged: DEBUG, INFO, WARNING or ERROR.",
    )

    log_format: Annotated[Literal["text", "json"], BeforeValidator(str.lower)] = Field(
        default="text",
        validation_alias="STARBOT_LOG_FORMAT",
        description="How log lines are written: text for people, json for machines (one object a line).",
    )
    listen: ListenAddress = Field(
        default="",
        validate_default=False,
        validation_alias="STARBOT_LISTEN",
        description="Where the web server listens: Slack in HTTP mode, /livez, /readyz, /metrics. Empty: none.",
        json_schema_extra=_where("a free port on this machine", example="127.0.0.1:8080"),
    )

    @property
    def listen_at(self) -> tuple[str, int] | None:
        """Host and port of the web server, None where there is none."""
        host, _, port = self.listen.rpartition(":")
        return (host.strip("[]"), int(port)) if host else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: it reads the sources itself, so that tests can name their own."""
        return (init_settings,)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("is no time zone: take a name such as Europe/Amsterdam") from error
    return name


def _hour(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError('is no time of day: write it as "09:00"')
    return text


def _week_moment(text: str) -> str:
    if not re.fullmatch(r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day ([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError('is no time of the week: write it as "Sunday 15:00"')
    return text


def _pattern(text: str) -> str:
    try:
        is_everywhere = re.search(text, "") is not None
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if is_everywhere:
        raise ValueError("matches every form post: write what only the notice says")
    return text


def _ticket_link(text: str) -> str:
    if "{ticket}" not in text:
        raise ValueError("must hold {ticket} where the number goes")
    _link(text.replace("{ticket}", "1"))
    return text


def _or_none(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda text: text and check(text))


# People write #channel, @group and :emoji: as they see them.
Channel: TypeAlias = Annotated[str, AfterValidator(lambda name: name.removeprefix("#")), Field(min_length=1)]
Group: TypeAlias = Annotated[str, AfterValidator(lambda name: name.removeprefix("@")), Field(min_length=1)]
Emoji: TypeAlias = Annotated[str, AfterValidator(lambda name: name.strip(":")), Field(min_length=1)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]
Names: TypeAlias = Annotated[tuple[Name, ...], Field(min_length=1)]
EmojiNames: TypeAlias = Annotated[tuple[Emoji, ...], Field(min_length=1)]
Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Hour: TypeAlias = Annotated[str, AfterValidator(_hour)]
WeekMoment: TypeAlias = Annotated[str, AfterValidator(_week_moment)]
# GitLab parts labels at commas, and Slack takes 75 signs for an option.
Label: TypeAlias = Annotated[str, Field(min_length=1, max_length=75, pattern=r"^[^,]+$")]
Option: TypeAlias = Annotated[str, Field(min_length=1, max_length=75)]
Advice: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]
Link: TypeAlias = Annotated[str, AfterValidator(_link)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_pattern)]
# What is beyond these is a slip of the pen that would stop the bot, or hide from people that it stands still.
Minutes: TypeAlias = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
Threads: TypeAlias = Annotated[int, Field(ge=1, le=1000)]
Seconds: TypeAlias = Annotated[float, Field(ge=0.1, le=60)]


class Table(BaseModel):
    """A table of the TOML file: nothing unknown in it, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EmojiSettings(Table):
    """`[slack.emoji]`: names without colons; the first that the workspace has is used."""

    acknowledge: EmojiNames
    resolve: EmojiNames
    escalate: EmojiNames


class SlackSettings(Table):
    """`[slack]`: channels and user groups by name, without # and @."""

    star_channel: Channel
    watched_channels: tuple[Channel, ...]
    manager_groups: tuple[Group, ...]
    fallback_group: Group
    announce: Literal["broadcast", "thread"]
    emoji: EmojiSettings


class FormLabelSettings(Table):
    """`[form.labels]`: how the form may label each answer."""

    ticket: Names
    urgency: Names
    customer: Names
    plan: Names
    product: Names
    group: Names
    reason: Names
    desired_result: Names
    initiator: Names


class FormSettings(Table):
    """`[form]`: how a form post is known."""

    sources: tuple[Name, ...]
    contact_notices: tuple[Pattern, ...]
    plans: Annotated[tuple[Option, ...], Field(max_length=99)]
    products: Annotated[tuple[Option, ...], Field(max_length=99)]
    labels: FormLabelSettings


class UrgencySettings(Table):
    """One `[[urgency]]`: a level, the promised minutes, and its other names."""

    name: Name
    minutes: Minutes
    aliases: tuple[Name, ...] = ()


class SupportHoursSettings(Table):
    """`[support_hours]`: the one time of each week in which STARs are worked on; `always` where it never ends."""

    always: bool
    zone: Zone
    opens: WeekMoment
    closes: WeekMoment


class CriteriaSettings(Table):
    """`[criteria]`: when a STAR fits. What does not is said, and left to the manager."""

    ticket_age_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)]
    sla_left_minutes: Minutes
    ticket_forms: tuple[Name, ...]
    plans_without_support: tuple[Name, ...]


class UnstarSettings(Table):
    """One `[[unstar]]`: a reason for which a STAR does not qualify, and what to do instead."""

    reason: Option
    instead: Annotated[str, Field(max_length=300)] = ""


class RegionSettings(Table):
    """One `[[region]]`: business hours Monday to Friday in its zone, and its managers' schedule."""

    name: Name
    zone: Zone
    opens: Hour
    closes: Hour
    schedule: Name


class GitLabSettings(Table):
    """`[gitlab]`: where and how STAR issues are opened."""

    project: Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)+$")]
    confidential: bool
    labels: tuple[Label, ...]
    category_scope: Annotated[str, Field(pattern=r"^[^,]*$")]
    categories: tuple[Label, ...]
    unstarred_label: Label
    adopt_minutes: Annotated[int, Field(ge=0, le=60)]
    title: Name
    description: Annotated[str, Field(min_length=1)]


class ZendeskSettings(Table):
    """`[zendesk]`: the macro by title, and what is written to the ticket."""

    macro: Names
    note: bool
    tag: Annotated[str, Field(pattern=r"^\S*$")]
    issue_blanks: tuple[Name, ...]
    thread_blanks: tuple[Name, ...]
    ticket_link: Annotated[str, _or_none(_ticket_link)]


class PagingSettings(Table):
    """`[paging]`: whom a page goes to, by PagerDuty's names, and where it is followed."""

    channel: Channel
    backup_service: Name
    emergency_service: Name
    emergency_policy: Name
    emergency_macro: Annotated[tuple[Name, ...], Field(max_length=10)]
    manager_service: Name
    help_name: Name
    help_service: str
    help_policy: str
    answer_minutes: Minutes
    pages_an_hour: Annotated[int, Field(ge=1, le=100)]
    poll_seconds: Annotated[float, Field(ge=1, le=3600)]
    reply_minutes: Minutes
    emergency_poll_seconds: Annotated[float, Field(ge=0, le=3600)]

    @property
    def services(self) -> Mapping[str, str]:
        """PagerDuty's service by purpose; none for help where no service is named."""
        named = {
            "backup": self.backup_service,
            "emergency": self.emergency_service,
            "manager": self.manager_service,
            "help": self.help_service,
        }
        return {purpose: name for purpose, name in named.items() if name}

    @property
    def policies(self) -> Mapping[str, str]:
        """The escalation policy by purpose, where it is not the service's own."""
        named = {"emergency": self.emergency_policy, "help": self.help_policy}
        return {purpose: name for purpose, name in named.items() if name}


class QuestionSettings(Table):
    """One `[[compromised.questions]]`: what customers ask, and what Support answers."""

    question: Annotated[str, Field(min_length=1, max_length=300)]
    answer: Annotated[str, Field(min_length=1, max_length=1000)]


class CompromisedSettings(Table):
    """`[compromised]`: what is said to a customer whose instance is compromised."""

    macro: Annotated[tuple[Name, ...], Field(max_length=10)]
    answer_minutes: Minutes
    advice: Annotated[tuple[Advice, ...], Field(min_length=1, max_length=20)]
    sirt: Annotated[str, Field(max_length=300)]
    talking_points: Annotated[str, Field(min_length=1, max_length=3000)]
    questions: Annotated[tuple[QuestionSettings, ...], Field(max_length=10)]


class HandsSettings(Table):
    """`[hands]`: where hands are asked for."""

    channel: Channel
    answer_minutes: Minutes


class TextSettings(Table):
    """`[texts]`: the links that the bot's answers hold."""

    how_to_star: Link
    emergency: Annotated[str, _or_none(_link)]
    form_link: Annotated[str, _or_none(_link)]


class TimingSettings(Table):
    """`[timing]`: how often and how long."""

    undo_minutes: Minutes
    offer_page_minutes: Annotated[int, Field(ge=0, le=24 * 60)]
    schedule_refresh_minutes: Minutes
    issue_poll_seconds: Annotated[float, Field(ge=1, le=3600)]
    sweep_seconds: Seconds


class RetentionSettings(Table):
    """`[retention]`: how long what is closed is kept whole."""

    days: Annotated[int, Field(le=3650), AfterValidator(_days_kept)]
    then: Literal["blank", "delete"]


class ServiceLimits(Table):
    """`[limits.SERVICE]`: seconds a call may take, seconds it may linger, threads it may hold."""

    timeout_s: Seconds
    settle_s: Annotated[float, Field(ge=0, le=3600)]
    share: Threads


class LimitSettings(Table):
    """`[limits]`: the bounded pool and each service's share of it."""

    threads: Threads
    slack: ServiceLimits
    gitlab: ServiceLimits
    zendesk: ServiceLimits
    pagerduty: ServiceLimits


class Organisation(Table):
    """The whole TOML file: everything that an organisation names."""

    slack: SlackSettings
    form: FormSettings
    urgency: Annotated[tuple[UrgencySettings, ...], Field(min_length=1, max_length=100)]
    support_hours: SupportHoursSettings
    region: Annotated[tuple[RegionSettings, ...], Field(min_length=1)]
    criteria: CriteriaSettings
    unstar: Annotated[tuple[UnstarSettings, ...], Field(min_length=1, max_length=100)]
    gitlab: GitLabSettings
    zendesk: ZendeskSettings
    paging: PagingSettings
    compromised: CompromisedSettings
    hands: HandsSettings
    texts: TextSettings
    timing: TimingSettings
    retention: RetentionSettings
    limits: LimitSettings


class Settings(Organisation):
    """Everything the bot was told, complete and checked."""

    env: Env

    @property
    def webhook_secrets(self) -> Sequence[str]:
        """The secrets of PagerDuty's webhooks; none where it sends none."""
        told = self.env.pagerduty_webhook_secret.get_secret_value()
        return [one.strip() for one in told.split(",") if one.strip()]


def load(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Read the environment, `.env`, and the TOML file of the folder `cwd`.

    Raises SetupError with every complaint about any of them.
    """
    folder = cwd or Path.cwd()
    found, complaints = _gather(os.environ if environ is None else environ, folder)
    env = _check_env(found, complaints)
    names = _check_names(_read_names(found.get("config"), folder, complaints), complaints)
    if env is None or names is None or complaints:
        raise SetupError(complaints)
    return Settings(env=env, **{name: getattr(names, name) for name in Organisation.model_fields})


def manifest_path() -> Path:
    """The Slack app's manifest: in an installed package beside this file, in a checkout at the top."""
    packaged = Path(str(resources.files("starbot"))) / "manifest.yml"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "manifest.yml"


def default_names() -> dict[str, Any]:
    """`defaults.toml` as it is packaged."""
    return tomllib.loads(resources.files("starbot").joinpath("defaults.toml").read_text("utf-8"))


def variable(field: str) -> str:
    """The environment variable of a field of `Env`."""
    alias = Env.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field.upper()


def where(field: str) -> str:
    """Where an admin gets the value of a field of `Env`."""
    extra = Env.model_fields[field].json_schema_extra
    return str(extra["where"]) if isinstance(extra, dict) else ""


def _gather(environ: Mapping[str, str], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What is told, by field of `Env`: the environment over `.env`; an empty value is none, and white space
    around a value, which comes along with a copy, does not count."""
    complaints = []
    process = EnvSettingsSource(Env)
    process.env_vars = {key.lower(): value for key, value in environ.items()}
    told: dict[str, Any] = {}
    try:
        told = DotEnvSettingsSource(Env, env_file=folder / ".env")()
    except (OSError, UnicodeDecodeError) as error:
        complaints.append(f".env cannot be read: {error}")
    found: dict[str, Any] = {}
    for source in (told, process()):
        found |= {_field(key): value.strip() for key, value in source.items() if value and value.strip()}
    for key in ("people", "config"):
        if key in found:
            found[key] = folder / found[key]
    return found, complaints


def _field(key: str) -> str:
    return next((name for name in Env.model_fields if key in (name, variable(name))), key)


def _check_env(found: dict[str, Any], complaints: list[str]) -> Env | None:
    env = None
    try:
        env = Env(**found)
    except ValidationError as error:
        complaints += [_env_complaint(each) for each in error.errors(include_url=False)]
    complaints += [*_missing_slack(found), *_missing_zendesk(found), *_missing_address(found)]
    for key in ("people", "config"):
        if key in found and not os.path.isfile(found[key]):
            complaints.append(f"{variable(key)}: there is no file {found[key]}. Mend the path or remove it.")
    return env


def _missing_slack(found: Mapping[str, Any]) -> Iterator[str]:
    """One of two ways must be there: Socket Mode, or HTTP, which needs an address to listen at."""
    if "slack_signing_secret" in found and "listen" not in found:
        yield (
            "STARBOT_LISTEN is not set, which SLACK_SIGNING_SECRET needs: set it to the address to which Slack's "
            "requests are led, such as 127.0.0.1:8080, or remove SLACK_SIGNING_SECRET."
        )
    if "slack_signing_secret" not in found and "slack_app_token" not in found:
        yield (
            f"SLACK_APP_TOKEN is not set.{_get('slack_app_token')} Or set SLACK_SIGNING_SECRET, for HTTP mode."
            f"{_get('slack_signing_secret')}"
        )


def _missing_address(found: Mapping[str, Any]) -> Iterator[str]:
    """Webhooks need an address too."""
    if "pagerduty_webhook_secret" in found and "listen" not in found:
        yield (
            "STARBOT_LISTEN is not set, which PAGERDUTY_WEBHOOK_SECRET needs: set it to the address to which "
            "PagerDuty's requests are led, such as 127.0.0.1:8080, or remove PAGERDUTY_WEBHOOK_SECRET."
        )


def _missing_zendesk(found: Mapping[str, Any]) -> Iterator[str]:
    """OAuth needs both of its values; so does an API token; one of the two ways must be there."""
    by_token = "zendesk_email" in found or "zendesk_token" in found
    by_oauth = "zendesk_client_id" in found or "zendesk_client_secret" in found
    wanted = ["zendesk_email", "zendesk_token"] if by_token and not by_oauth else []
    for field in wanted or ["zendesk_client_id", "zendesk_client_secret"]:
        if field not in found:
            yield f"{variable(field)} is not set.{_get(field)}"


def _env_complaint(error: ErrorDetails) -> str:
    field = _field(str(error["loc"][0]))
    if error["type"] == "missing":
        return f"{variable(field)} is not set.{_get(field)}"
    return f"{variable(field)} {_reason(error)}.{_get(field)}"


def _get(field: str) -> str:
    return f" Where to get it: {where(field)}." if where(field) else ""


_PLAINLY = {
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "model_type": "should be a table of settings",
    "tuple_type": "should be a list, in square brackets",
}


def _reason(error: ErrorDetails) -> str:
    """What is wrong, without the value: it may be a secret in the wrong place."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return _PLAINLY.get(error["type"]) or error["msg"].replace("Input should", "should")


def _read_names(named: Path | None, folder: Path, complaints: list[str]) -> dict[str, Any]:
    path = named or folder / SETTINGS_FILE
    if not (os.path.isfile(path) if named else path.exists()):
        return default_names()
    try:
        return _overlay(default_names(), tomllib.loads(path.read_text("utf-8-sig")))
    except RecursionError:
        complaints.append(f"{path.name} cannot be read: it is nested too deeply")
    except (OSError, ValueError) as error:
        complaints.append(f"{path.name} cannot be read: {error}")
    return default_names()


def _overlay(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = under.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _overlay(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _check_names(raw: dict[str, Any], complaints: list[str]) -> Organisation | None:
    try:
        names = Organisation.model_validate(raw)
    except ValidationError as error:
        complaints += [_name_complaint(each) for each in _causes(error.errors(include_url=False))]
        return None
    complaints += _contradictions(names)
    return names


def _causes(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without the lists that are too short because of an entry that is complained about anyway."""
    around = {each["loc"][:depth] for each in errors for depth in range(len(each["loc"]))}
    return (each for each in errors if each["type"] != "too_short" or each["loc"] not in around)


def _name_complaint(error: ErrorDetails) -> str:
    key = _key(error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _siblings(error["loc"]), n=1)
        return f"{key} is no setting. " + (f"Did you mean {near[0]}?" if near else "Remove it.")
    if error["type"] == "missing":
        return f"{key} is missing: add it."
    return f"{key} {_reason(error)}."


def _key(loc: tuple[int | str, ...]) -> str:
    """`("urgency", 0, "minutes")` as people number: `urgency[1].minutes`."""
    key = ""
    for part in loc:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return key.lstrip(".")


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    """The settings that stand beside the last one of `loc`."""
    table: type[BaseModel] = Organisation
    for part in loc[:-1]:
        if isinstance(part, str):
            table = _table_of(table.model_fields[part].annotation)
    return list(table.model_fields)


def _table_of(annotation: Any) -> type[BaseModel]:
    inner = get_args(annotation)
    return _table_of(inner[0]) if inner else annotation


def _contradictions(names: Organisation) -> Iterator[str]:
    levels = Counter(word.casefold() for level in names.urgency for word in {level.name, *level.aliases})
    for word, times in levels.items():
        if times > 1:
            yield f'urgency: "{word}" stands for {times} levels. Leave it at one.'
    for name, times in Counter(region.name for region in names.region).items():
        if times > 1:
            yield f'region: {times} regions are named "{name}". Give each its own name.'
    for reason, times in Counter(one.reason for one in names.unstar).items():
        if times > 1:
            yield f'unstar: {times} reasons are named "{reason}". Give each its own name.'
    if names.support_hours.opens == names.support_hours.closes:
        yield "support_hours opens and closes at the same time: set always = true, or another time."
    for region in names.region:
        if region.opens >= region.closes:
            yield f'region "{region.name}" closes at {region.closes}, before it opens at {region.opens}.'
    paging = names.paging
    if paging.help_service in (paging.emergency_service, paging.backup_service):
        yield (
            "paging.help_service is the service for emergencies or for their backup pool, so a call for help would be "
            "taken for one of theirs. Name another service."
        )
    if paging.help_policy and not paging.help_service:
        yield "paging.help_policy needs paging.help_service. Set it, or remove help_policy."
    for service in ("slack", "gitlab", "zendesk", "pagerduty"):
        share = getattr(names.limits, service).share
        if share > names.limits.threads:
            yield f"limits.{service}.share is {share}, more than limits.threads, {names.limits.threads}."
