"""The kit's tables, and the plain rows of effects. A probe's database lives as long as its run."""

from alembic import op

from tests.chaos.probe import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
