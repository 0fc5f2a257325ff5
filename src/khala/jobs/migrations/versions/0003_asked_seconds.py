"""How long a song was to be, where that is more than its model can make."""

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
