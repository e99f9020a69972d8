"""How each duty is put together: settings and services in, a `Duty` and what it listens to out. Read `hears.py` for
everything that the Slack app listens to."""
