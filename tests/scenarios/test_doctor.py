"""`starbot doctor` over the four simulated vendors: a line for each thing that is broken, and not a single write."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from starbot.checkup import checkup
from starbot.cli import doctor as command
from starbot.settings import load
from tests.printed import printed
from tests.sandbox.desk import serving
from tests.stage import MANIFEST, Stage

STAR_PROJECT = "gitlab-com/support/ticket-attention-requests"
QUICK = "".join(
    f"[limits.{vendor}]\ntimeout_s = 1\n" for vendor in ("slack", "gitlab", "zendesk", "pagerduty")
)
WRITES = re.compile(r"/slack/api/(chat|reactions|views|conversations\.open)")


class Visit:
    """What the doctor said."""

    def __init__(self, status: int, told: Any) -> None:
        self.status = status
        self.findings: list[dict[str, str]] = told["findings"]

    def fixes(self) -> list[str]:
        return [f"{f['part']}: {f['what']} -> {f['mend']}" for f in self.findings if f["level"] == "fix"]

    def warnings(self) -> list[str]:
        return [f"{f['part']}: {f['what']}" for f in self.findings if f["level"] == "warning"]


@pytest.fixture
def visit(empty_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Visit]:
    """The doctor in this process, in the stage's folder; more of the environment may be given."""

    def come(**environ: str) -> Visit:
        monkeypatch.chdir(empty_stage.folder)
        for name, value in {**empty_stage.environ, **environ}.items():
            monkeypatch.setenv(name, value)
        seen = printed(lambda: command.doctor(as_json=True))
        return Visit(seen.status, json.loads(seen.out))

    return come


def is_write(row: dict[str, Any]) -> bool:
    if row["service"] == "slack":
        return bool(WRITES.match(row["path"]))
    return row["method"] != "GET" and row["path"] != "/zendesk/oauth/tokens"


def test_a_healthy_world_has_nothing_to_fix(visit: Any) -> None:
    seen = visit()
    assert (seen.status, seen.fixes()) == (0, [])
    # On purpose: one manager of this world has no GitLab name.
    assert seen.warnings() == ["People: without a GitLab name, so never assigned: Tomas Novak"]


def test_the_doctor_asks_all_four_and_writes_nothing(visit: Any, empty_stage: Stage) -> None:
    before = empty_stage.state
    visit()
    asked = empty_stage.requests()
    assert {row["service"] for row in asked} == {"slack", "gitlab", "zendesk", "pagerduty"}
    assert [row for row in asked if is_write(row)] == []
    after = empty_stage.state
    assert {vendor: after[vendor] for vendor in ("slack", "gitlab", "pagerduty")} == {
        vendor: before[vendor] for vendor in ("slack", "gitlab", "pagerduty")
    }
    assert after["zendesk"]["tickets"] == before["zendesk"]["tickets"]


def test_beside_a_running_bot_it_says_so_and_takes_no_event(visit: Any, empty_stage: Stage) -> None:
    empty_stage.start()
    seen = visit()
    assert seen.status == 0
    assert "database: a bot is running on it" in [f["what"] for f in seen.findings]
    root = empty_stage.files_star()
    empty_stage.until(lambda: empty_stage.card(root))


@pytest.mark.parametrize(
    ("variable", "value", "part", "mend"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-revoked", "Slack", "SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "xapp-revoked", "Slack", "SLACK_APP_TOKEN"),
        ("GITLAB_TOKEN", "glpat-revoked", "GitLab", "GITLAB_TOKEN"),
        ("ZENDESK_CLIENT_SECRET", "revoked", "Zendesk", "ZENDESK_CLIENT_SECRET"),
        ("PAGERDUTY_TOKEN", "revoked", "PagerDuty", "PAGERDUTY_TOKEN"),
        ("PAGERDUTY_FROM", "nobody@example.com", "PagerDuty", "or leave it empty"),
    ],
)
def test_credentials_that_are_not_taken_have_one_line_and_the_place_to_renew_them(
    visit: Any, variable: str, value: str, part: str, mend: str
) -> None:
    seen = visit(**{variable: value})
    [fix] = seen.fixes()
    assert seen.status == 1
    assert fix.startswith(f"{part}: ")
    assert mend in fix
    assert "revoked" not in json.dumps(seen.findings)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            '[slack]\nstar_channel = "general"\n',
            "Slack: STAR channel #general: the bot is not in it -> Type /invite",
        ),
        ('[slack]\nstar_channel = "nowhere"\n', "Slack: STAR channel #nowhere: not found -> "),
        (
            '[slack.emoji]\nresolve = ["solved"]\n',
            "Slack: emoji to resolve: the workspace has none of solved -> ",
        ),
        ('[slack]\nmanager_groups = ["bosses"]\n', "Slack: manager group @bosses: not found -> "),
        (
            '[gitlab]\nproject = "a/b"\n',
            "GitLab: look up the project: project missing -> Give the token's user",
        ),
        ('[zendesk]\nmacro = ["Nothing"]\n', "Zendesk: macro Nothing: not found -> "),
    ],
)
def test_a_name_that_leads_nowhere_has_one_line(visit: Any, empty_stage: Stage, toml: str, line: str) -> None:
    empty_stage.configure(toml)
    seen = visit()
    assert seen.status == 1
    assert [fix[: len(line)] for fix in seen.fixes()] == [line]


@pytest.mark.parametrize(
    ("vendor", "act", "line"),
    [
        ("zendesk", {"action": "set_macro_active", "active": False}, "Zendesk: macro Support::Managers::Esc"),
        (
            "zendesk",
            {"action": "limit_agent", "role": "end-user"},
            "Zendesk: agent: GitLab Support Bot is end-user",
        ),
        (
            "gitlab",
            {"action": "hide", "project": STAR_PROJECT},
            "GitLab: look up the project: project missing",
        ),
        ("gitlab", {"action": "token", "expires_in_days": -1}, "GitLab: token: expired on 2026-11-16"),
        (
            "gitlab",
            {"action": "token", "scopes": ["read_api"]},
            "GitLab: token scopes: read_api; api is missing",
        ),
        (
            "gitlab",
            {"action": "member", "user": "gl-support-bot", "access_level": 10},
            "GitLab: role in the project: Guest",
        ),
        (
            "gitlab",
            {"action": "project", "issues_enabled": False},
            f"GitLab: project {STAR_PROJECT}: issues are",
        ),
        (
            "pagerduty",
            {"action": "rename", "schedule": "Support Manager - EMEA", "name": "SM EMEA"},
            "PagerDuty: schedule Support Manager - EMEA: not found",
        ),
        (
            "pagerduty",
            {"action": "rename_service", "service": "Support Managers", "to": "Managers"},
            "PagerDuty: service Support Managers: not found, so nobody can be paged there",
        ),
        (
            "pagerduty",
            {"action": "rename_policy", "policy": "Customer Emergency Rotation", "to": "Rotation"},
            "PagerDuty: escalation policy Customer Emergency Rotation: not found",
        ),
    ],
)
def test_what_somebody_changed_at_a_vendor_has_one_line(
    visit: Any, empty_stage: Stage, vendor: str, act: dict[str, Any], line: str
) -> None:
    empty_stage.desk.post(f"{vendor}/act", **act)
    seen = visit()
    assert seen.status == 1
    assert [fix[: len(line)] for fix in seen.fixes()] == [line]


@pytest.mark.parametrize(
    ("vendor", "act", "line"),
    [
        ("gitlab", {"action": "token", "expires_in_days": 20}, "GitLab: token: expires on 2026-12-07"),
        ("gitlab", {"action": "project", "visibility": "public"}, "GitLab: project visibility: public; only"),
        (
            "zendesk",
            {"action": "set_macro_public", "public": True},
            "Zendesk: macro Support::Managers::Escalated",
        ),
        ("pagerduty", {"action": "gap"}, "PagerDuty: schedule Support Manager - EMEA: nobody is on call"),
    ],
)
def test_what_somebody_should_know_is_a_warning_and_no_reason_to_fail(
    visit: Any, empty_stage: Stage, vendor: str, act: dict[str, Any], line: str
) -> None:
    empty_stage.desk.post(f"{vendor}/act", **act)
    seen = visit()
    assert seen.status == 0
    assert any(warning.startswith(line) for warning in seen.warnings())


@pytest.mark.parametrize(("table", "what"), [("paging", "channel of pages"), ("hands", "channel for hands")])
def test_the_channels_of_pages_and_for_hands_must_have_the_bot_in_them(
    visit: Any, empty_stage: Stage, table: str, what: str
) -> None:
    empty_stage.configure(f'[{table}]\nchannel = "general"\n')
    [fix] = visit().fixes()
    assert fix.startswith(f"Slack: {what} #general: the bot is not in it")


def test_whom_a_manager_pages_for_help_must_be_there_if_it_is_named(visit: Any, empty_stage: Stage) -> None:
    empty_stage.configure('[paging]\nhelp_service = "Senior Support Managers"\nhelp_policy = "Directors"\n')
    [fix] = visit().fixes()
    assert fix.startswith("PagerDuty: escalation policy Directors: not found, so nobody can be paged there")
    assert "help_policy under [paging]" in fix


def test_a_macro_for_emergencies_that_is_not_there_is_a_warning(visit: Any, empty_stage: Stage) -> None:
    empty_stage.configure('[paging]\nemergency_macro = ["No such macro"]\n')
    seen = visit()
    assert seen.status == 0
    assert any(one.startswith("Zendesk: macro No such macro: not found") for one in seen.warnings())


def test_a_macro_for_compromised_instances_that_is_not_there_is_a_warning(
    visit: Any, empty_stage: Stage
) -> None:
    empty_stage.configure('[compromised]\nmacro = ["No such macro"]\n')
    seen = visit()
    assert seen.status == 0
    assert any(one.startswith("Zendesk: macro No such macro: not found") for one in seen.warnings())


def test_a_manager_whom_slack_does_not_know_is_named(visit: Any, empty_stage: Stage) -> None:
    director = {"action": "extra", "schedule": "Support Manager - EMEA", "user": "Dana Okafor"}
    empty_stage.desk.post("pagerduty/act", **director)
    [fix] = visit().fixes()
    assert fix.startswith("People: on call, but unknown in Slack: Dana Okafor -> Write slack:")


@pytest.mark.parametrize("vendor", ["slack", "gitlab", "zendesk", "pagerduty"])
@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "delay_before", "delay_s": 20}]
)
def test_a_vendor_that_is_down_or_hangs_has_its_line_and_the_others_go_on(
    visit: Any, empty_stage: Stage, vendor: str, fault: dict[str, Any]
) -> None:
    (empty_stage.folder / "starbot.toml").write_text(QUICK)
    empty_stage.breaks(vendor, **fault)
    began = time.monotonic()
    seen = visit()
    assert time.monotonic() - began < 10
    names = {"slack": "Slack", "gitlab": "GitLab", "zendesk": "Zendesk", "pagerduty": "PagerDuty"}
    down = names.pop(vendor)
    assert seen.status == 1
    assert any(fix.startswith(f"{down}: does not answer") for fix in seen.fixes())
    assert {f["part"] for f in seen.findings if f["level"] == "ok"} >= set(names.values())
    if vendor != "slack":  # who the managers are says Slack
        assert len(seen.fixes()) == 1


def test_a_part_that_does_not_end_is_left_behind(empty_stage: Stage) -> None:
    empty_stage.breaks("gitlab", kind="delay_before", delay_s=8)
    settings = load(empty_stage.environ, empty_stage.folder)
    began = time.monotonic()
    found = [f for f in checkup(settings, lambda waiting: None, part_s=1.5) if f.part == "GitLab"]
    assert time.monotonic() - began < 6
    assert "not done in 1.5 s" in found[-1].what


@pytest.mark.parametrize(("skew_s", "status"), [(20, 0), (-90, 1), (200, 1)])
def test_a_clock_that_runs_wrong_has_its_line(
    visit: Any, empty_stage: Stage, skew_s: int, status: int
) -> None:
    empty_stage.breaks("zendesk", kind="clock", skew_s=skew_s)
    seen = visit()
    assert seen.status == status
    told = [*seen.fixes(), *seen.warnings()]
    side = "behind" if skew_s > 0 else "ahead"
    assert any(re.match(rf"Zendesk: clock: this machine is \d+ s {side}", line) for line in told)


def test_a_scope_that_the_manifest_asks_for_and_the_app_lacks_is_named(
    visit: Any, empty_stage: Stage
) -> None:
    bot = [one for one in MANIFEST["oauth_config"]["scopes"]["bot"] if one != "emoji:read"]
    runner = serving({**MANIFEST, "oauth_config": {"scopes": {"bot": bot}}})
    desk = next(runner)
    try:
        seen = visit(SLACK_API_URL=f"{desk.url}/slack/api/")
    finally:
        runner.close()
    assert seen.status == 1
    assert any(fix.startswith("Slack: scopes missing: emoji:read -> ") for fix in seen.fixes())


def test_settings_that_cannot_be_read_are_told_as_run_tells_them(empty_stage: Stage) -> None:
    empty_stage.configure("[slack]\nstar_chanel = 'stars'\n")
    told = {}
    for name in ("run", "doctor"):
        command = [sys.executable, "-m", "starbot", name]
        ended = subprocess.run(
            command,
            cwd=empty_stage.folder,
            env=empty_stage.environ,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        told[name] = ended.stderr
    assert told["doctor"] == told["run"]
    assert "Did you mean star_channel?" in told["doctor"]
