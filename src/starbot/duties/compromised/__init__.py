"""A compromised instance: a manager decides about the call, and everybody knows what to say."""
