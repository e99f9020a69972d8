"""The first schema: cases, their outside names, journal, effects, targets, memory, stuck events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "cases",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("claim", sa.String(128), unique=True, nullable=True),
        sa.Column("next_due", sa.String(40), nullable=True),
        sa.Column("changed_at", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("cases_due", "cases", ["next_due"])
    op.create_index("cases_changed", "cases", ["duty", "changed_at"])
    op.create_table(
        "handles",
        sa.Column("handle", sa.String(160), primary_key=True),
        sa.Column("case_id", sa.String(64), nullable=False),
    )
    op.create_index("handles_case", "handles", ["case_id"])
    op.create_table(
        "journal",
        sa.Column("event_id", sa.String(255), primary_key=True),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("starts", sa.Text, nullable=False),
    )
    op.create_index("journal_case", "journal", ["case_id", "version"])
    op.create_table(
        "effects",
        sa.Column("key", sa.String(160), primary_key=True),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unsure_until", sa.Float, nullable=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("effects_case", "effects", ["case_id"])
    op.create_table(
        "targets",
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("thing", sa.String(32), primary_key=True),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unsure_until", sa.Float, nullable=True),
        sa.Column("writer", sa.String(255), nullable=True),
        sa.Column("document", sa.Text, nullable=True),
    )
    op.create_table(
        "memory",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "stuck",
        sa.Column("event_id", sa.String(255), primary_key=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drops the tables."""
    for table in ("stuck", "memory", "targets", "effects", "journal", "handles", "cases"):
        op.drop_table(table)
