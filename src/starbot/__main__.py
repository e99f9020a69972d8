"""`python -m starbot`: the same as the console script."""

from starbot.cli.main import app

app()
