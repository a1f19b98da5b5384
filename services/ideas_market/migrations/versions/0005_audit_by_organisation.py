"""who reads what, and for how long"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_audit_organisation",
        "audit",
        ["organisation", "at", "position"],
        unique=False,
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_revoked_credential_forget_at"), "revoked_credential", ["forget_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_revoked_credential_forget_at"), table_name="revoked_credential")
    op.drop_index(
        "ix_audit_organisation", table_name="audit", postgresql_where=sa.text("position IS NOT NULL")
    )
