"""The web server of the bot: Slack over HTTP, PagerDuty's webhooks, and what a supervisor and a monitor ask for."""
