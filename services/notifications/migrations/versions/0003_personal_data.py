"""personal data"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GUARDED = {"consent": "person_id", "personal_data": "person_id"}
"""Tables whose rows name a person, with the column: none may name one who was erased."""


def refuse_erased(table: str, column: str) -> None:
    op.execute(
        f"""
CREATE OR REPLACE FUNCTION refuse_erased_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.{column} IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(1885695856, hashtext(NEW.{column}::text));
        IF EXISTS (SELECT FROM erased_person WHERE person_id = NEW.{column}) THEN
            RAISE EXCEPTION 'this person was erased'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'person_erased';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""
    )
    op.execute(
        f"CREATE TRIGGER {table}_of_nobody_erased BEFORE INSERT OR UPDATE OF {column} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION refuse_erased_{table}()"
    )


def upgrade() -> None:
    op.create_table(
        "erased_person",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erased_person")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel = 'desk' OR recorded_by = person_id", name=op.f("ck_consent_own")),
        sa.CheckConstraint("channel IN ('own', 'desk')", name=op.f("ck_consent_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_person", "consent", ["person_id", "id"], unique=False)
    op.create_index(
        "ix_consent_withdrawn_at",
        "consent",
        ["withdrawn_at"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )
    op.create_table(
        "personal_data",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("shared_with", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "ground <> 'consent' OR consent_id IS NOT NULL", name=op.f("ck_personal_data_consent")
        ),
        sa.CheckConstraint(
            "ground IN ('consent', 'public_task', 'contract', 'legal_obligation')",
            name=op.f("ck_personal_data_ground"),
        ),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_personal_data_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data")),
    )
    op.create_index(
        "ix_personal_data_consent",
        "personal_data",
        ["consent_id"],
        unique=False,
        postgresql_where=sa.text("consent_id IS NOT NULL"),
    )
    op.create_index("ix_personal_data_key", "personal_data", ["key_id", "id"], unique=False)
    op.create_index(
        "ix_personal_data_kept_until",
        "personal_data",
        ["kept_until"],
        unique=False,
        postgresql_where=sa.text("kept_until IS NOT NULL"),
    )
    op.create_index("ix_personal_data_object", "personal_data", ["object_id", "kind"], unique=False)
    op.create_index("ix_personal_data_person", "personal_data", ["person_id", "kind"], unique=False)
    op.create_index(
        "ix_audit_on_behalf_of",
        "audit",
        ["on_behalf_of"],
        unique=False,
        postgresql_where=sa.text("on_behalf_of IS NOT NULL"),
    )
    # Sealed by the worker within minutes of its start; `worker people rotate` does it at once.
    op.add_column("receiver", sa.Column("secret_key_id", sa.String(), server_default="", nullable=False))
    op.alter_column("receiver", "secret_key_id", server_default=None)
    op.alter_column(
        "receiver", "secret", type_=sa.LargeBinary(), postgresql_using="convert_to(secret, 'UTF8')"
    )
    for table, column in GUARDED.items():
        refuse_erased(table, column)


def downgrade() -> None:
    for table in GUARDED:
        op.execute(f"DROP TRIGGER {table}_of_nobody_erased ON {table}")
        op.execute(f"DROP FUNCTION refuse_erased_{table}()")
    # A sealed secret cannot be opened without a key: its receiver is asked to be added anew.
    op.execute(
        "DELETE FROM webhook_delivery USING receiver WHERE receiver_id = receiver.id AND secret_key_id <> ''"
    )
    op.execute("DELETE FROM receiver WHERE secret_key_id <> ''")
    op.alter_column("receiver", "secret", type_=sa.String(), postgresql_using="convert_from(secret, 'UTF8')")
    op.drop_column("receiver", "secret_key_id")
    op.drop_index(
        "ix_audit_on_behalf_of", table_name="audit", postgresql_where=sa.text("on_behalf_of IS NOT NULL")
    )
    op.drop_table("personal_data")
    op.drop_table("consent")
    op.drop_table("erased_person")
