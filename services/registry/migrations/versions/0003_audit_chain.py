"""audit chain"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

POSITIONED = sa.text("position IS NOT NULL")
READ_BY = {
    "ix_audit_action": ["action", "at", "position"],
    "ix_audit_actor": ["actor", "at", "position"],
    "ix_audit_at": ["at", "position"],
    "ix_audit_object": ["object_id", "at", "position"],
}
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
TRIGGERS = {
    "audit_rows_stay": "DELETE OR TRUNCATE ON audit FOR EACH STATEMENT",
    "audit_content_stays": """
        UPDATE OF id, at, actor, actor_kind, organisation, on_behalf_of, credential, action, object_type, object_id,
        before, after, trace_id, request_id ON audit FOR EACH STATEMENT""",
    "audit_links_stay": """
        UPDATE OF position, previous_hash, hash ON audit FOR EACH ROW WHEN (
            OLD.position IS NOT NULL AND NEW.position IS DISTINCT FROM OLD.position
            OR OLD.previous_hash IS NOT NULL AND NEW.previous_hash IS DISTINCT FROM OLD.previous_hash
            OR OLD.hash IS NOT NULL AND NEW.hash IS DISTINCT FROM OLD.hash)""",
    "audit_segment_rows_stay": "UPDATE OR DELETE OR TRUNCATE ON audit_segment FOR EACH STATEMENT",
    "audit_head_rows_stay": "UPDATE OR DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT",
}


def table_of(trigger: str) -> str:
    return TRIGGERS[trigger].partition(" ON ")[2].split()[0]


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_head")),
        sa.UniqueConstraint(
            "service", "position", "epoch", "hash", name=op.f("uq_audit_head_service_position_epoch_hash")
        ),
    )
    op.create_index("ix_audit_head_service", "audit_head", ["service", "number"], unique=False)
    op.create_table(
        "audit_segment",
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("after_position", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_audit_segment")),
    )
    op.drop_index("ix_audit_object", table_name="audit")
    for name, columns in READ_BY.items():
        op.create_index(name, "audit", columns, unique=False, postgresql_where=POSITIONED)
    op.execute(REFUSE)
    for name, event in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} EXECUTE FUNCTION refuse_change()")
        op.execute(f"ALTER TABLE {table_of(name)} ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table_of(name)}")
    op.execute("DROP FUNCTION refuse_change()")
    # Without its beginning a chain proves nothing; what is upgraded again is chained anew, from the first row.
    op.execute("UPDATE audit SET previous_hash = NULL, hash = NULL WHERE hash IS NOT NULL")
    for name in READ_BY:
        op.drop_index(name, table_name="audit", postgresql_where=POSITIONED)
    op.create_index("ix_audit_object", "audit", ["object_type", "object_id", "id"], unique=False)
    op.drop_table("audit_segment")
    op.drop_index("ix_audit_head_service", table_name="audit_head")
    op.drop_table("audit_head")
