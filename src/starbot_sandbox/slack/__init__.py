"""The Slack of the sandbox: Web API, Socket Mode and what people do in the workspace."""
