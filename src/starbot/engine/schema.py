"""The tables of the store, as SQLAlchemy Core sees them; Alembic's first migration makes the same ones.

Bodies are JSON text: the case is the truth, the columns beside it are what the engine looks things up by.
"""

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

cases = Table(
    "cases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("duty", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    # Unique: one open STAR a ticket. Released (null) when the case is closed.
    Column("claim", String(128), unique=True, nullable=True),
    # What the case is about: closed ones are found by it too.
    Column("subject", String(128), nullable=True),
    Column("next_due", String(40), nullable=True),
    Column("changed_at", String(40), nullable=False),
    Column("body", Text, nullable=False),
    # When the text of a closed case was blanked; null: it is all there.
    Column("blanked_at", String(40), nullable=True),
    Index("cases_due", "next_due"),
    Index("cases_subject", "duty", "subject"),
    Index("cases_status", "duty", "status"),
    Index("cases_changed", "duty", "changed_at"),
    Index("cases_blanked", "duty", "blanked_at", "changed_at"),
)

handles = Table(
    "handles",
    metadata,
    Column("handle", String(160), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Index("handles_case", "case_id"),
)

journal = Table(
    "journal",
    metadata,
    Column("event_id", String(255), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", String(40), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    # What was decided: the starts that a repetition of the event must make again.
    Column("starts", Text, nullable=False),
    Index("journal_case", "case_id", "version"),
)

effects = Table(
    "effects",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("duty", String(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # open, done, failed
    Column("attempts", Integer, nullable=False),
    # Until then (seconds since 1970, the machine's time) a try without an answer may still be served.
    Column("unsure_until", Float, nullable=True),
    Column("body", Text, nullable=False),
    Index("effects_case", "case_id"),
)

targets = Table(
    "targets",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("thing", String(32), primary_key=True),
    Column("wanted", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("unsure_until", Float, nullable=True),
    # The one writer that may show this target now: the id of its workflow.
    Column("writer", String(255), nullable=True),
    Column("document", Text, nullable=True),
)

memory = Table(
    "memory",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("at", String(40), nullable=False),
    Column("body", Text, nullable=False),
)

stuck = Table(
    "stuck",
    metadata,
    Column("event_id", String(255), primary_key=True),
    Column("at", String(40), nullable=False),
    Column("reference", String(16), nullable=False),
    Column("error", Text, nullable=False),
    Column("body", Text, nullable=False),
)
