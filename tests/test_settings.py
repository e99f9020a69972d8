"""What an admin may say, what is said back, and that no secret is ever in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from starbot.errors import SetupError
from starbot.settings import Env, Settings, load, variable

COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-SECRET",
    "SLACK_APP_TOKEN": "xapp-SECRET",
    "GITLAB_TOKEN": "glpat-SECRET",
    "ZENDESK_URL": "https://aurora.zendesk.com",
    "ZENDESK_CLIENT_ID": "starbot",
    "ZENDESK_CLIENT_SECRET": "SECRET",
    "PAGERDUTY_TOKEN": "SECRET",
}

REGION = "[[region]]\nname = 'A'\nzone = '{zone}'\nopens = '{opens}'\ncloses = '18:00'\nschedule = 'S'"


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Settings]:
    """`told(toml, NAME=value)`: what a bot in a folder of its own reads."""

    def tell(toml: str = "", **environ: str) -> Settings:
        if toml:
            (tmp_path / "starbot.toml").write_text(toml, "utf-8")
        return load({**COMPLETE, **environ}, tmp_path)

    return tell


def complaints(tell: Callable[..., Settings], *args: str, **environ: str) -> list[str]:
    with pytest.raises(SetupError) as caught:
        tell(*args, **environ)
    return caught.value.complaints


def test_a_complete_environment_and_no_file_is_gitlabs_own_set_up(told: Callable[..., Settings]) -> None:
    settings = told()
    assert settings.slack.star_channel == "support_ticket-attention-requests"
    assert settings.gitlab.project == "gitlab-com/support/ticket-attention-requests"
    assert [level.minutes for level in settings.urgency] == [30, 60, 120]
    assert settings.env.gitlab_url == "https://gitlab.com"
    assert settings.env.database_url == "sqlite:///starbot.db"


def test_an_empty_environment_is_answered_with_every_missing_variable_and_where_to_get_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(SetupError) as caught:
        load({}, tmp_path)
    assert {each.split()[0] for each in caught.value.complaints} == set(COMPLETE)
    assert all("Where to get it: " in each for each in caught.value.complaints)


def test_all_complaints_about_both_sources_are_made_at_once(told: Callable[..., Settings]) -> None:
    said = complaints(told, "[slack]\nstar_chanel = 'x'\n[timing]\nundo_minutes = 0", GITLAB_TOKEN="")
    assert len(said) == 3
    assert said[0].startswith("GITLAB_TOKEN is not set.")
    assert "slack.star_chanel is no setting. Did you mean star_channel?" in said
    assert any(each.startswith("timing.undo_minutes should be greater than or equal to 1") for each in said)


def test_no_complaint_and_no_representation_holds_a_secret(told: Callable[..., Settings]) -> None:
    said = complaints(told, SLACK_BOT_TOKEN="xapp-SECRET", SLACK_APP_TOKEN="SECRET", GITLAB_URL="SECRET")
    assert len(said) == 3
    assert "SECRET" not in "".join(said)
    settings = told(DATABASE_URL="postgresql://starbot:SECRET@db/starbot")
    assert "SECRET" not in repr(settings) + str(settings)


def test_tokens_in_each_others_place_are_noticed(told: Callable[..., Settings]) -> None:
    said = complaints(told, SLACK_BOT_TOKEN="xapp-1", SLACK_APP_TOKEN="xoxb-1")
    assert "SLACK_BOT_TOKEN is not a bot token: that begins with xoxb-." in said[0]
    assert "SLACK_APP_TOKEN is not an app-level token: that begins with xapp-." in said[1]


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"GITLAB_URL": "gitlab.example.com"}, "GITLAB_URL is no address"),
        ({"GITLAB_URL": "http://gitlab.example.com"}, "GITLAB_URL would carry tokens in clear text"),
        ({"STARBOT_SANDBOX_CLOCK": "https://example.com/clock"}, "STARBOT_SANDBOX_CLOCK is for the sandbox"),
        ({"DATABASE_URL": "mysql://db/starbot"}, "DATABASE_URL must begin with"),
        ({"STARBOT_PEOPLE": "nobody.yml"}, "STARBOT_PEOPLE: there is no file"),
        ({"STARBOT_CONFIG": "nothing.toml"}, "STARBOT_CONFIG: there is no file"),
        ({"STARBOT_LOG_LEVEL": "chatty"}, "STARBOT_LOG_LEVEL should be 'DEBUG'"),
        ({"STARBOT_LOG_FORMAT": "xml"}, "STARBOT_LOG_FORMAT should be 'text' or 'json'"),
        ({"ZENDESK_CLIENT_SECRET": ""}, "ZENDESK_CLIENT_SECRET is not set"),
        ({"ZENDESK_CLIENT_SECRET": " \n"}, "ZENDESK_CLIENT_SECRET is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1 2"}, "SLACK_BOT_TOKEN holds white space or letters"),
        ({"SLACK_APP_TOKEN": "xapp-1\u2026"}, "SLACK_APP_TOKEN holds white space or letters"),
        ({"GITLAB_TOKEN": "glpat\n1"}, "GITLAB_TOKEN holds white space or letters"),
        ({"PAGERDUTY_FROM": "bot@example.com\nX-Other: 1"}, "PAGERDUTY_FROM holds white space or letters"),
        ({"GITLAB_URL": "https://git lab.com"}, "GITLAB_URL is no address: "),
        ({"GITLAB_URL": "https://gitl\u00e4b.com"}, "GITLAB_URL is no address: "),
        ({"GITLAB_URL": "https://gitlab.com:abc"}, "GITLAB_URL is no address: "),
        ({"GITLAB_URL": "https://[::1"}, "GITLAB_URL is no address: "),
        ({"GITLAB_URL": "https://u:p@gitlab.com"}, "GITLAB_URL is more than an address: "),
        ({"GITLAB_URL": "https://gitlab.com?x=1"}, "GITLAB_URL is more than an address: "),
        ({"STARBOT_SANDBOX_CLOCK": "http://[::1"}, "STARBOT_SANDBOX_CLOCK is no address: "),
        ({"DATABASE_URL": "postgresql+asyncpg://db/starbot"}, "DATABASE_URL must begin with"),
        ({"DATABASE_URL": "postgresql+psycopg2://db/starbot"}, "DATABASE_URL must begin with"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///starbot.db"}, "DATABASE_URL must begin with"),
        ({"STARBOT_CONFIG": "x" * 5000}, "STARBOT_CONFIG: there is no file"),
    ],
)
def test_a_bad_variable_is_named_with_what_is_wrong(
    told: Callable[..., Settings], environ: dict[str, str], complaint: str
) -> None:
    (said,) = complaints(told, **environ)
    assert said.startswith(complaint)


NEITHER = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": ""}
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "SECRET", "STARBOT_LISTEN": "127.0.0.1:8080"}


def test_slack_needs_one_of_two_ways_and_one_complaint_names_both(told: Callable[..., Settings]) -> None:
    (said,) = complaints(told, **NEITHER)
    assert "App-Level Tokens" in said and "SLACK_SIGNING_SECRET" in said and "Signing Secret" in said
    assert told(**HTTP).env.slack_app_token.get_secret_value() == ""
    assert told(**HTTP | {"SLACK_APP_TOKEN": "xapp-1"}).env.listen_at == ("127.0.0.1", 8080)


def test_http_mode_needs_an_address_to_listen_at(told: Callable[..., Settings]) -> None:
    (said,) = complaints(told, **HTTP | {"STARBOT_LISTEN": ""})
    assert said.startswith("STARBOT_LISTEN is not set") and "or remove SLACK_SIGNING_SECRET" in said
    assert told().env.listen_at is None
    assert told(STARBOT_LISTEN="[::1]:80").env.listen_at == ("::1", 80)


def test_webhooks_need_an_address_to_listen_at(told: Callable[..., Settings]) -> None:
    (said,) = complaints(told, PAGERDUTY_WEBHOOK_SECRET="SECRET")
    assert said.startswith("STARBOT_LISTEN is not set, which PAGERDUTY_WEBHOOK_SECRET needs")
    found = told(PAGERDUTY_WEBHOOK_SECRET="SECRET,OLD", STARBOT_LISTEN="127.0.0.1:8080")
    assert found.webhook_secrets == ["SECRET", "OLD"]
    assert told().webhook_secrets == []


@pytest.mark.parametrize(
    "address", ["8080", "localhost", "127.0.0.1:0", "h:65536", ":8080", "http://h:80", "h:80/"]
)
def test_an_address_that_nobody_can_listen_at_is_named(told: Callable[..., Settings], address: str) -> None:
    (said,) = complaints(told, STARBOT_LISTEN=address)
    assert said.startswith("STARBOT_LISTEN is no address to listen at: write host:port")


def test_an_api_token_of_zendesk_serves_in_place_of_oauth(told: Callable[..., Settings]) -> None:
    none = {"ZENDESK_CLIENT_ID": "", "ZENDESK_CLIENT_SECRET": ""}
    assert told(**none, ZENDESK_EMAIL="a@example.com", ZENDESK_TOKEN="t").env.zendesk_email == "a@example.com"
    (said,) = complaints(told, **none, ZENDESK_EMAIL="a@example.com")
    assert said.startswith("ZENDESK_TOKEN is not set.")


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("slack = 5", "slack should be"),
        ("[slack", "starbot.toml cannot be read"),
        ("[slack]\nannounce = 'loud'", "slack.announce should be 'broadcast' or 'thread'"),
        ("[slack.emoji]\nresolve = []", "slack.emoji.resolve "),
        ("[shout]\nloud = true", "shout is no setting. Remove it."),
        ("[[urgency]]\nname = 'Now'", "urgency[1].minutes is missing: add it."),
        (
            "[[urgency]]\nname = 'Now'\nminutes = 1\nalias = []",
            "urgency[1].alias is no setting. Did you mean",
        ),
        ("[[urgency]]\nname = 'A'\nminutes = 1\n[[urgency]]\nname = 'a'\nminutes = 2", 'urgency: "a" stands'),
        (REGION.format(zone="Mars/Base", opens="09:00"), "region[1].zone is no time zone"),
        (REGION.format(zone="UTC", opens="9 h"), "region[1].opens is no time of day"),
        (REGION.format(zone="UTC", opens="25:00"), "region[1].opens "),
        (REGION.format(zone="UTC", opens="19:00"), 'region "A" closes at 18:00, before it opens at 19:00'),
        ("[form]\ncontact_notices = ['(']", "form.contact_notices[1] is no regular expression"),
        ("[zendesk]\nticket_link = 'https://z/1'", "zendesk.ticket_link must hold {ticket}"),
        ("[gitlab]\nproject = 'stars'", "gitlab.project "),
        ("[paging]\nhelp_service = 'Customer Support'", "paging.help_service is the service for emergencies"),
        ("[paging]\nhelp_policy = 'Seniors'", "paging.help_policy needs paging.help_service."),
        ("[limits]\nthreads = 4\n[limits.slack]\nshare = 5", "limits.slack.share is 5"),
        ("[zendesk]\nticket_link = 'https://z/{ticket}/{page}'", "zendesk.ticket_link is no address"),
        ("[zendesk]\nticket_link = '{ticket}{'", "zendesk.ticket_link is no address"),
        ("[texts]\nhow_to_star = 'https://a|b> <!channel'", "texts.how_to_star is no address"),
        ("[timing]\nundo_minutes = 99999999999999", "timing.undo_minutes should be less than or equal to"),
        ("[timing]\nschedule_refresh_minutes = 20000", "timing.schedule_refresh_minutes should be less"),
        ("[[urgency]]\nname = 'A'\nminutes = 99999999999999", "urgency[1].minutes should be less than"),
        ("[timing]\nsweep_seconds = inf", "timing.sweep_seconds should be "),
        ("[timing]\nsweep_seconds = 0.0001", "timing.sweep_seconds should be greater than or equal to"),
        ("[limits.slack]\ntimeout_s = inf", "limits.slack.timeout_s should be "),
        ("[limits.slack]\nsettle_s = inf", "limits.slack.settle_s should be "),
        ("[limits]\nthreads = 100000000", "limits.threads should be less than or equal to"),
        ("[form]\ncontact_notices = ['a{99999999999}']", "form.contact_notices[1] is no regular expression"),
        (f"[form]\ncontact_notices = ['{'(' * 3000}']", "form.contact_notices[1] is no regular expression"),
        ("[form]\ncontact_notices = ['.*']", "form.contact_notices[1] matches every form"),
        ("a = " + "[" * 3000, "starbot.toml cannot be read: it is nested too deeply"),
        ("a = " + "9" * 5000, "starbot.toml cannot be read: "),
    ],
)
def test_a_bad_setting_is_named_with_what_is_wrong(
    told: Callable[..., Settings], toml: str, complaint: str
) -> None:
    assert complaints(told, toml)[0].startswith(complaint)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("slack = 5", "slack should be a table of settings."),
        ("[gitlab]\nlabels = 'x'", "gitlab.labels should be a list, in square brackets."),
        ("[texts]\nform_link = 5", "texts.form_link should be a valid string."),
        ("[slack]\nstar_channel = '#'", "slack.star_channel must not be empty."),
        ("[slack.emoji]\nresolve = ['::']", "slack.emoji.resolve[1] must not be empty."),
        ("[slack.emoji]\nacknowledge = []", "slack.emoji.acknowledge must not be empty."),
        (
            REGION.format(zone="Mars/Base", opens="09:00"),
            "region[1].zone is no time zone: take a name such as Europe/Amsterdam.",
        ),
    ],
)
def test_one_mistake_is_one_complaint_in_plain_words(
    told: Callable[..., Settings], toml: str, complaint: str
) -> None:
    assert complaints(told, toml) == [complaint]


def test_white_space_around_a_value_does_not_count(told: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PAGERDUTY_URL=' https://pagerduty '\nGITLAB_URL=https://file\n")
    env = told(
        SLACK_BOT_TOKEN=" xoxb-1\n", ZENDESK_URL="https://z\n", STARBOT_LOG_LEVEL=" info", GITLAB_URL=" "
    ).env
    assert env.slack_bot_token.get_secret_value() == "xoxb-1"
    assert (env.zendesk_url, env.log_level) == ("https://z", "INFO")
    assert (env.pagerduty_url, env.gitlab_url) == ("https://pagerduty", "https://file")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_people_write_postgresql_in_many_ways(told: Callable[..., Settings], scheme: str) -> None:
    assert told(DATABASE_URL=f"{scheme}://u@h/d").env.database_url == f"{scheme}://u@h/d"


def test_a_settings_file_that_is_a_folder_is_a_complaint(
    told: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "starbot.toml").mkdir()
    assert complaints(told)[0].startswith("starbot.toml cannot be read")


def test_a_byte_order_mark_is_no_part_of_the_file(told: Callable[..., Settings]) -> None:
    assert told("\ufeff[slack]\nstar_channel = 'stars'").slack.star_channel == "stars"


def test_the_file_is_laid_over_the_defaults_and_a_list_replaces(told: Callable[..., Settings]) -> None:
    settings = told("[slack]\nstar_channel = '#stars'\nwatched_channels = ['#help']\n")
    assert settings.slack.star_channel == "stars"
    assert settings.slack.watched_channels == ("help",)
    assert settings.slack.fallback_group == "support-manager-oncall"


def test_emoji_and_groups_may_be_written_as_people_see_them(told: Callable[..., Settings]) -> None:
    settings = told(
        "[slack]\nfallback_group = '@sloth'\n[slack.emoji]\nacknowledge = [':eyes:', 'looking']\n"
    )
    assert settings.slack.fallback_group == "sloth"
    assert settings.slack.emoji.acknowledge == ("eyes", "looking")


def test_the_environment_wins_over_the_env_file(told: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITLAB_URL=https://file\nDATABASE_URL=sqlite:///file.db\nOTHER=1\n")
    settings = told(GITLAB_URL="https://environment")
    assert settings.env.gitlab_url == "https://environment"
    assert settings.env.database_url == "sqlite:///file.db"


def test_an_env_file_that_cannot_be_read_is_a_complaint(
    told: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"GITLAB_URL=\xff\xfe")
    assert complaints(told)[0].startswith(".env cannot be read")


def test_files_are_looked_for_in_the_working_folder(told: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / "people.yml").write_text("[]")
    (tmp_path / "other.toml").write_text("[gitlab]\nconfidential = false")
    settings = told(STARBOT_PEOPLE="people.yml", STARBOT_CONFIG="other.toml")
    assert settings.env.people == tmp_path / "people.yml"
    assert not settings.gitlab.confidential


def test_every_variable_is_known_by_its_own_name() -> None:
    names = [variable(field) for field in Env.model_fields]
    assert len(set(names)) == len(names)
    assert all(name.isupper() for name in names)
