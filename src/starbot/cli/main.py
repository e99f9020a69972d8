"""The command line's table of commands. A command's work is imported when it is run: help is quick."""

from pathlib import Path
from typing import Annotated

import typer

from starbot import __version__

app = typer.Typer(
    name="starbot",
    help="A Slack app that carries the Support Manager on call through a STAR.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"starbot {__version__}")
        raise typer.Exit


@app.callback()
def starbot(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """A Slack app that carries the Support Manager on call through a STAR."""


@app.command()
def run(
    dry: Annotated[
        bool,
        typer.Option("--dry-run", help="Read everything, write nothing, print what would be done, and end."),
    ] = False,
    hours: Annotated[
        int | None,
        typer.Option(
            "--hours", min=1, max=12, help="How many hours of the channel a dry run reads; 12 if not said."
        ),
    ] = None,
) -> None:
    """Run the bot, in Socket Mode or over HTTP as it is configured.

    It is configured by environment variables, .env and starbot.toml; docs/configuration.md lists
    them. Unconfigured it says everything that is missing and exits with status 2.
    """
    from starbot.cli.dry_run import dry_run
    from starbot.cli.run import run_bot

    if hours is not None and not dry:
        raise typer.BadParameter(
            "is for --dry-run: a bot that runs reads what it missed.", param_hint="--hours"
        )
    raise typer.Exit(dry_run(hours or 12) if dry else run_bot())


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check everything the bot needs, and say how to mend what is wrong.

    It asks the four vendors, writes nothing, and may run beside a bot. The exit status is 1 if
    something must be fixed, 2 if the settings themselves cannot be read.
    """
    from starbot.cli.doctor import doctor as examine

    raise typer.Exit(examine(as_json))


@app.command()
def show(
    case: Annotated[
        str | None,
        typer.Argument(help="A ticket number, a STAR's id (star-...) or the address of its issue."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Tell what happened to a STAR; without a name, which STARs are open.

    It only reads the database, beside a running bot too.
    """
    from starbot.cli.show_case import show as tell

    raise typer.Exit(tell(case, as_json))


@app.command()
def backup(
    file: Annotated[
        Path, typer.Argument(help="The copy; a second file, with .engine in its name, comes beside it.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace a copy that is there already.")] = False,
) -> None:
    """Copy the database while the bot runs.

    For SQLite. For PostgreSQL it prints the pg_dump command that does it, and ends with status 1.
    """
    from starbot.cli.backup import backup as copy

    raise typer.Exit(copy(file, force))


@app.command()
def rebuild(
    do: Annotated[
        bool, typer.Option("--do", help="Do it; without this, say what would be done and write nothing.")
    ] = False,
) -> None:
    """Read lost STARs again from GitLab and Slack, after a database was lost or restored.

    Stop every bot first. The exit status is 1 if something is left for people to look at.
    """
    from starbot.cli.rebuild import rebuild_stars

    raise typer.Exit(rebuild_stars(do))


@app.command()
def demo(
    once: Annotated[
        bool,
        typer.Option("--once", help="End after the story; the exit status is 0 only if every step was seen."),
    ] = False,
    stay: Annotated[
        bool,
        typer.Option(
            "--stay", help="Leave the sandbox running after the story, though nobody sits at a terminal."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    port: Port = 0,
    opens: Annotated[bool, typer.Option("--open", help="Open the sandbox's page in a browser.")] = False,
    pace: Annotated[
        float | None,
        typer.Option(
            "--pace", min=0, help="Seconds between two acts of the story; 3 where the sandbox stays."
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="0.0.0.0 in a container: everybody with the token that is printed may use it."
        ),
    ] = "127.0.0.1",
) -> None:
    """Play one STAR, from form post to check mark, over four simulated systems.

    Starts the sandbox and the bot as two processes, and prints the address of a page on which to see and to play
    with all of it. Nothing leaves this machine.
    """
    from starbot.cli.demo import Place
    from starbot.cli.demo import demo as play

    if host not in ("127.0.0.1", "0.0.0.0"):
        raise typer.BadParameter("is 127.0.0.1 or 0.0.0.0.", param_hint="--host")
    place = Place(port=port, host=host, opens=opens)
    raise typer.Exit(play(once=once, stay=stay, as_json=as_json, place=place, pace_s=pace))


@app.command()
def sandbox(
    port: Port = 8765,
    scenario: Annotated[str, typer.Option("--scenario", help="The world to begin with.")] = "weekday",
    print_env: Annotated[
        bool,
        typer.Option("--print-env", help="Print the environment of a bot that uses this sandbox, and exit."),
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--manifest", help="Another manifest of the Slack app than the bot's own; see docs/http.md."
        ),
    ] = None,
) -> None:
    """Run the simulated Slack, GitLab, Zendesk and PagerDuty alone.

    In another terminal: eval "$(starbot sandbox --print-env)", then starbot run.
    """
    from starbot.cli.sandbox import print_environment, run_sandbox

    act = print_environment if print_env else run_sandbox
    raise typer.Exit(act(port, scenario, manifest))
