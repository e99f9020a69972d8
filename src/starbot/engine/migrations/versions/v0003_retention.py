"""When the text of a closed case was blanked, and an index by which those are found whose time has come."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column: so far everything is there."""
    op.add_column("cases", sa.Column("blanked_at", sa.String(40), nullable=True))
    op.create_index("cases_blanked", "cases", ["duty", "blanked_at", "changed_at"])
