"""Slack, GitLab, Zendesk and PagerDuty on one loopback port: for the demo, the tests and development.

State lives in memory. Nothing here knows anything of the bot that is tried out against it.
"""
