"""who reads what, and for how long"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
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
    op.create_index(op.f("ix_api_key_created_by"), "api_key", ["created_by"], unique=False)
    op.create_index(
        "ix_membership_held",
        "membership",
        ["person_id", "organisation_id", "role", "valid_from"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL OR valid_to > valid_from"),
    )
    op.drop_constraint(
        op.f("uq_membership_person_id_organisation_id_role_valid_from"), "membership", type_="unique"
    )


def downgrade() -> None:
    # Fails where a role was granted again on the day it had ended: that is not to be lost without a word.
    op.create_unique_constraint(
        op.f("uq_membership_person_id_organisation_id_role_valid_from"),
        "membership",
        ["person_id", "organisation_id", "role", "valid_from"],
    )
    op.drop_index(
        "ix_membership_held",
        table_name="membership",
        postgresql_where=sa.text("valid_to IS NULL OR valid_to > valid_from"),
    )
    op.drop_index(op.f("ix_api_key_created_by"), table_name="api_key")
    op.drop_index(op.f("ix_revoked_credential_forget_at"), table_name="revoked_credential")
    op.drop_index(
        "ix_audit_organisation", table_name="audit", postgresql_where=sa.text("position IS NOT NULL")
    )
