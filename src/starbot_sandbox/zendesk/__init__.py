"""The Zendesk of the sandbox: tickets, comments, audits, tags, macros and OAuth tokens that expire."""
