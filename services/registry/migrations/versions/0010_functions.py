"""functions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "function_register",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'adopted')", name=op.f("ck_function_register_status")
        ),
        sa.CheckConstraint("open = (status <> 'adopted')", name=op.f("ck_function_register_open")),
        sa.CheckConstraint(
            "(status = 'adopted') = (act_id IS NOT NULL AND valid_from IS NOT NULL)",
            name=op.f("ck_function_register_adopted"),
        ),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_function_register_days")),
        sa.ForeignKeyConstraint(["act_id"], ["legal_act.id"], name=op.f("fk_function_register_act_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_function_register")),
        sa.UniqueConstraint("number", name=op.f("uq_function_register_number")),
    )
    op.create_index(op.f("ix_function_register_act_id"), "function_register", ["act_id"], unique=False)
    op.create_index(
        "uq_function_register_open",
        "function_register",
        ["open"],
        unique=True,
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "function_entry",
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("function_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sort_key", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("financed_from", sa.String(), nullable=True),
        sa.Column("act_id", sa.Uuid(), nullable=True),
        sa.Column("provision", sa.String(), nullable=True),
        sa.Column("services", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("dropped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "level IN ('state', 'delegated', 'municipal')", name=op.f("ck_function_entry_level")
        ),
        sa.CheckConstraint(
            "financed_from IN ('republican_budget', 'local_budget', 'special_funds', 'insurance_fund', 'grants')",
            name=op.f("ck_function_entry_financed_from"),
        ),
        sa.CheckConstraint(
            "origin IN ('official', 'press', 'unofficial', 'demonstration')",
            name=op.f("ck_function_entry_origin"),
        ),
        sa.ForeignKeyConstraint(["act_id"], ["legal_act.id"], name=op.f("fk_function_entry_act_id")),
        sa.ForeignKeyConstraint(["body_id"], ["organisation.id"], name=op.f("fk_function_entry_body_id")),
        sa.ForeignKeyConstraint(
            ["register_id"], ["function_register.id"], name=op.f("fk_function_entry_register_id")
        ),
        sa.PrimaryKeyConstraint("register_id", "function_id", name=op.f("pk_function_entry")),
        sa.UniqueConstraint("register_id", "code", name=op.f("uq_function_entry_register_id_code")),
    )
    op.create_index(op.f("ix_function_entry_act_id"), "function_entry", ["act_id"], unique=False)
    op.create_index("ix_function_entry_body", "function_entry", ["body_id", "register_id"], unique=False)
    op.create_index(
        "ix_function_entry_services", "function_entry", ["services"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_function_entry_sort_key",
        "function_entry",
        ["register_id", "sort_key", "function_id"],
        unique=False,
    )
    op.create_table(
        "function_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("function_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("change", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision IN ('keep', 'change', 'drop', 'transfer')", name=op.f("ck_function_decision_decision")
        ),
        sa.CheckConstraint(
            "(decision = 'transfer') = (target_id IS NOT NULL)", name=op.f("ck_function_decision_target")
        ),
        sa.CheckConstraint(
            "(decision = 'change') = (change IS NOT NULL)", name=op.f("ck_function_decision_change")
        ),
        sa.ForeignKeyConstraint(
            ["register_id"], ["function_register.id"], name=op.f("fk_function_decision_register_id")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["organisation.id"], name=op.f("fk_function_decision_target_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_function_decision")),
    )
    op.create_index(
        "ix_function_decision_function",
        "function_decision",
        ["register_id", "function_id", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_function_decision_target_id"), "function_decision", ["target_id"], unique=False)


def downgrade() -> None:
    op.drop_table("function_decision")
    op.drop_table("function_entry")
    op.drop_table("function_register")
