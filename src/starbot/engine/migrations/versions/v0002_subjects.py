"""What a case is about stays known when it is closed: a column for it, filled for the cases that are there."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column and fills it; STARs name their ticket in their form."""
    op.add_column("cases", sa.Column("subject", sa.String(128), nullable=True))
    op.create_index("cases_subject", "cases", ["duty", "subject"])
    op.create_index("cases_status", "cases", ["duty", "status"])
    cases = sa.table("cases", sa.column("id"), sa.column("duty"), sa.column("body"), sa.column("subject"))
    connection = op.get_bind()
    for case_id, body in connection.execute(
        sa.select(cases.c.id, cases.c.body).where(cases.c.duty == "stars")
    ).all():
        ticket = (json.loads(body).get("form") or {}).get("ticket")
        if ticket is not None:
            filled = sa.update(cases).where(cases.c.id == case_id).values(subject=f"ticket:{ticket}")
            connection.execute(filled)
