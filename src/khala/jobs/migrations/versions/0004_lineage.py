"""What songs were made out of, and the tree of their takes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("songs", sa.Column("origin", sa.JSON()))
    op.create_table(
        "lineage",
        sa.Column("take_id", sa.String(length=64), nullable=False),
        sa.Column("song_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("root_id", sa.String(length=64), nullable=False),
        sa.Column("deleted", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("take_id"),
    )
    op.create_index("lineage_by_parent", "lineage", ["parent_id"], unique=False)
    op.create_index("lineage_by_root", "lineage", ["root_id"], unique=False)


def downgrade() -> None:
    op.drop_index("lineage_by_root", table_name="lineage")
    op.drop_index("lineage_by_parent", table_name="lineage")
    op.drop_table("lineage")
    op.drop_column("songs", "origin")
