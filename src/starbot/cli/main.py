"""The command line's table of commands. A command's work is imported when it is run: help is quick."""

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
def run() -> None:
    """Run the bot in Socket Mode.

    It is configured by environment variables, .env and starbot.toml; docs/configuration.md lists
    them. Unconfigured it says everything that is missing and exits with status 2.
    """
    from starbot.cli.run import run_bot

    raise typer.Exit(run_bot())


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
) -> None:
    """Play one STAR, from form post to check mark, over four simulated systems.

    Starts the sandbox and the bot as two processes. Nothing leaves this machine.
    """
    from starbot.cli.demo import demo as play

    raise typer.Exit(play(once=once, stay=stay, as_json=as_json, port=port))


@app.command()
def sandbox(
    port: Port = 8765,
    scenario: Annotated[str, typer.Option("--scenario", help="The world to begin with.")] = "weekday",
    print_env: Annotated[
        bool,
        typer.Option("--print-env", help="Print the environment of a bot that uses this sandbox, and exit."),
    ] = False,
) -> None:
    """Run the simulated Slack, GitLab, Zendesk and PagerDuty alone.

    In another terminal: eval "$(starbot sandbox --print-env)", then starbot run.
    """
    from starbot.cli.sandbox import print_environment, run_sandbox

    raise typer.Exit(print_environment(port, scenario) if print_env else run_sandbox(port, scenario))
