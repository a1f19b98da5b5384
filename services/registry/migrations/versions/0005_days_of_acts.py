"""when an act was published and came into force, and what a standard reaches back by"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legal_act", sa.Column("published_on", sa.Date(), nullable=True))
    op.add_column("legal_act", sa.Column("in_force_from", sa.Date(), nullable=True))
    op.add_column("legal_act", sa.Column("retroactive_basis", sa.String(), nullable=True))
    op.add_column("standard_version", sa.Column("retroactive_basis", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("standard_version", "retroactive_basis")
    for column in ("retroactive_basis", "in_force_from", "published_on"):
        op.drop_column("legal_act", column)
