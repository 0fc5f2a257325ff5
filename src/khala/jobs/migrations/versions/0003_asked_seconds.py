"""The length requested for a song, where the model's limit shortened it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("songs", sa.Column("asked_seconds", sa.Double()))


def downgrade() -> None:
    op.drop_column("songs", "asked_seconds")
