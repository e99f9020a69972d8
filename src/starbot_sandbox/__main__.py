"""`python -m starbot_sandbox`: the sandbox alone."""

import argparse
import contextlib
import secrets
from pathlib import Path

from starbot_sandbox.application import Application
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.server import EVERYWHERE, serve

LOOPBACK = "127.0.0.1"


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m starbot_sandbox", description=__doc__)
    parser.add_argument(
        "--host", choices=(LOOPBACK, EVERYWHERE), default=LOOPBACK, help="0.0.0.0: in a container"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="weekday")
    parser.add_argument("--manifest", type=Path, default=Path("manifest.yml"), help="of the app under test")
    parser.add_argument("--app-command", help="the process that POST /_sandbox/app starts, stops and kills")
    parser.add_argument(
        "--app-folder", type=Path, help="where that works; what it writes there is its memory"
    )
    given = parser.parse_args()
    application = Application(given.app_command, given.app_folder) if given.app_command else None
    token = secrets.token_urlsafe(16) if given.host == EVERYWHERE else ""
    with contextlib.suppress(KeyboardInterrupt):
        serve(
            given.host,
            given.port,
            given.scenario,
            given.manifest,
            lambda url: announce(url, token),
            application,
            token,
        )


def announce(url: str, token: str) -> None:
    """The line that tells where it is; before it, where it is for people who are not on this machine."""
    near = url.replace(EVERYWHERE, LOOPBACK)
    if token:
        print(
            f"from elsewhere, with this machine's name in place of {LOOPBACK}: {near}/?token={token}",
            flush=True,
        )
    print(f"sandbox listening on {near}", flush=True)


if __name__ == "__main__":
    main()
