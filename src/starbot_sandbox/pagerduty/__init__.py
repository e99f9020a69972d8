"""The PagerDuty of the sandbox: who is on call, rendered from rotations at any moment."""
