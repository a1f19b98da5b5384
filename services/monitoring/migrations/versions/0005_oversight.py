"""oversight"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What organisations that are known already oversee is read in by `worker rebuild references`; until then nobody
    # reads more than their own.
    op.add_column(
        "known_organisation", sa.Column("kind", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("known_organisation", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("known_organisation", sa.Column("territory_code", sa.String(), nullable=True))
    op.add_column(
        "known_organisation",
        sa.Column(
            "overseeing",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.create_index(
        op.f("ix_known_organisation_parent_id"), "known_organisation", ["parent_id"], unique=False
    )
    op.add_column("finding", sa.Column("escalated_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_finding_unanswered",
        "finding",
        ["answer_due_on"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND escalated_on IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_finding_unanswered",
        table_name="finding",
        postgresql_where=sa.text("state = 'open' AND escalated_on IS NULL"),
    )
    op.drop_column("finding", "escalated_on")
    op.drop_index(op.f("ix_known_organisation_parent_id"), table_name="known_organisation")
    op.drop_column("known_organisation", "overseeing")
    op.drop_column("known_organisation", "territory_code")
    op.drop_column("known_organisation", "parent_id")
    op.drop_column("known_organisation", "kind")
