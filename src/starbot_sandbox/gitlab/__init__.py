"""The GitLab of the sandbox: REST v4 for projects, issues, notes and labels, with quick actions that run."""
