"""`starbot sandbox`: the four simulated vendors, and the environment of a bot that uses them.

With `cli/demo.py` the only bridge between the bot and the sandbox.
"""

import shlex
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from starbot.settings import manifest_path
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.server import serve
from starbot_sandbox.slack.http import Addresses

HOST = "127.0.0.1"


def environment(url: str, people: Path, database: Path, listen: str = "") -> dict[str, str]:
    """The environment of a bot that uses the sandbox at `url`; the tokens are the sandbox's own. With `listen`
    it is one that Slack reaches there over HTTP."""
    http = {"SLACK_SIGNING_SECRET": "sandbox-signing-secret", "STARBOT_LISTEN": listen}
    return {
        "SLACK_API_URL": f"{url}/slack/api/",
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        **(http if listen else {"SLACK_APP_TOKEN": "xapp-sandbox"}),
        "GITLAB_URL": f"{url}/gitlab",
        "GITLAB_TOKEN": "glpat-sandbox",
        "ZENDESK_URL": f"{url}/zendesk",
        "ZENDESK_CLIENT_ID": "starbot",
        "ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
        "PAGERDUTY_URL": f"{url}/pagerduty",
        "PAGERDUTY_TOKEN": "pd-sandbox",
        "PAGERDUTY_FROM": "lena.vogt@example.com",
        "STARBOT_SANDBOX_CLOCK": f"{url}/_sandbox/clock",
        "STARBOT_PEOPLE": str(people),
        "DATABASE_URL": f"sqlite:///{database}",
    }


def write_people(folder: Path, scenario: str) -> Path:
    """Write the people file of a scenario into `folder`; KeyError if there is no such scenario."""
    path = folder / "people.yml"
    colleagues = [
        {key: value for key, value in asdict(each).items() if value}
        for each in SCENARIOS[scenario]().slack.colleagues
    ]
    path.write_text(yaml.safe_dump(colleagues, sort_keys=False, allow_unicode=True), "utf-8")
    return path


def listen_address(manifest: Path) -> str:
    """Where a bot must listen to hear what this manifest sends over HTTP; "" in Socket Mode. ValueError where
    the sandbox would not send there, OSError where there is no such file."""
    addresses = Addresses.read(yaml.safe_load(manifest.read_text("utf-8")))
    return urlsplit(addresses.events).netloc if addresses else ""


def print_environment(port: int, scenario: str, manifest: Path | None = None) -> int:
    """Print a line of shell for each variable, for a sandbox that listens on `port`. The exit status."""
    listen = _listen(manifest or manifest_path())
    if listen is None or not _is_known(scenario):
        return 2
    if port == 0:
        print("Say which port the sandbox has: --port 8765.", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="starbot-"))
    people = write_people(folder, scenario)
    told = environment(f"http://{HOST}:{port}", people, folder / "starbot.db", listen)
    for name, value in told.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def run_sandbox(port: int, scenario: str, manifest: Path | None = None) -> int:
    """Serve until stopped. The exit status."""
    if _listen(manifest or manifest_path()) is None or not _is_known(scenario):
        return 2
    print(f"Starting the sandbox on {HOST} ...", flush=True)
    try:
        serve(HOST, port, scenario, manifest or manifest_path(), lambda url: _say_ready(url, manifest))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(f"Port {port} cannot be had ({error.strerror}). Take another: --port.", file=sys.stderr)
        return 1
    return 0


def _say_ready(url: str, manifest: Path | None) -> None:
    told = f"--port {url.rpartition(':')[2]}" + (
        f" --manifest {shlex.quote(str(manifest))}" if manifest else ""
    )
    print(f"Slack, GitLab, Zendesk and PagerDuty, simulated: {url} (Ctrl-C ends it)", flush=True)
    print("In another terminal:")
    print(f'    eval "$(starbot sandbox {told} --print-env)"')
    print("    starbot run", flush=True)


def _listen(manifest: Path) -> str | None:
    try:
        return listen_address(manifest)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        print(f"{manifest} will not do: {error}", file=sys.stderr)
        return None


def _is_known(scenario: str) -> bool:
    if scenario not in SCENARIOS:
        print(f"There is no scenario {scenario}. Take one of: {', '.join(SCENARIOS)}.", file=sys.stderr)
    return scenario in SCENARIOS
