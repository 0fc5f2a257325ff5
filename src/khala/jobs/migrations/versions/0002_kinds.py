"""Kinds of a take's error and note."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("takes", sa.Column("error_kind", sa.String(length=32)))
    op.add_column("takes", sa.Column("note_kind", sa.String(length=32)))


def downgrade() -> None:
    op.drop_column("takes", "note_kind")
    op.drop_column("takes", "error_kind")
