"""All tables at once: the sample never lives long enough for a second migration."""

from alembic import op

from tests.kit.sample.spec import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
