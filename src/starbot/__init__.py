"""starbot: a Slack app for the Support Manager on call."""

__version__ = "0.1.0"
