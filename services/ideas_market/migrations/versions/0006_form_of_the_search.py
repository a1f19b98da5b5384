"""form of the search"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What is there is in the first form; the job that follows names writes it in the present one.
    op.add_column("idea", sa.Column("search_form", sa.Integer(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    op.drop_column("idea", "search_form")
