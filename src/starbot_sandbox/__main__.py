"""`python -m starbot_sandbox`: the sandbox alone."""

import argparse
import contextlib
from pathlib import Path

from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.server import serve


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m starbot_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="weekday")
    parser.add_argument("--manifest", type=Path, default=Path("manifest.yml"), help="of the app under test")
    parser.add_argument("--app-command", help="the process that POST /_sandbox/app kills, starts and stops")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        serve("127.0.0.1", given.port, given.scenario, given.manifest, announce, given.app_command)


def announce(url: str) -> None:
    """The one line that tells where it is."""
    print(f"sandbox listening on {url}", flush=True)


if __name__ == "__main__":
    main()
