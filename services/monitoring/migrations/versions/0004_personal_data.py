"""personal data"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GUARDED = {"consent": "person_id", "personal_data": "person_id", "submission_monitor": "monitor_id"}
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


# Migrations have no keys: what was in clear goes to the store in clear, under the key id "", and the worker seals it
# within minutes of its start, `worker people rotate` at once.
_NOTES = """
INSERT INTO personal_data (id, person_id, organisation_id, kind, object_id, key_id, value, ground, kept_until, created_at)
SELECT said.id, CASE said.kind WHEN 'visit_note' THEN m.monitor_id ELSE (
        SELECT actor FROM audit WHERE object_id = s.id AND action IN ('submission.reject', 'submission.withdraw')
        ORDER BY id DESC LIMIT 1) END,
    s.organisation_id, said.kind, said.submission_id, '', convert_to(said.words, 'UTF8'),
    'public_task', s.created_at + interval '730 days', s.created_at
FROM said_before AS said JOIN submission AS s ON s.id = said.submission_id
LEFT JOIN submission_monitor AS m ON m.submission_id = s.id
"""


def _texts_apart() -> None:
    """Notes and comments leave the visits and their versions; one text of a visit is one row."""
    op.add_column("submission", sa.Column("note_id", sa.Uuid(), nullable=True))
    op.add_column("submission", sa.Column("comment_id", sa.Uuid(), nullable=True))
    op.execute(
        """CREATE TEMPORARY TABLE said_before ON COMMIT DROP AS
           SELECT gen_random_uuid() AS id, found.submission_id, found.kind, found.words FROM (
               SELECT id AS submission_id, 'visit_note' AS kind, note AS words FROM submission WHERE note IS NOT NULL
               UNION SELECT submission_id, 'visit_note', content ->> 'note' FROM submission_version
                   WHERE content ->> 'note' IS NOT NULL
               UNION SELECT id, 'review_comment', comment FROM submission WHERE comment IS NOT NULL) AS found"""
    )
    op.execute(_NOTES)
    # Answers kept for repeated requests hold the same words; from now on they are kept without.
    op.execute(
        """DELETE FROM idempotency WHERE position('"note":'::bytea IN body) > 0
           OR position('"comment":'::bytea IN body) > 0"""
    )
    for kind, column in (("visit_note", "note"), ("review_comment", "comment")):
        op.execute(
            f"""UPDATE submission SET {column}_id = said.id FROM said_before AS said
                WHERE said.submission_id = submission.id AND said.kind = '{kind}' AND said.words = {column}"""
        )
        op.drop_column("submission", column)
    op.execute(
        """UPDATE submission_version AS v SET content = content - 'note' || jsonb_build_object('note_id', (
               SELECT said.id FROM said_before AS said WHERE said.submission_id = v.submission_id
               AND said.kind = 'visit_note' AND said.words = content ->> 'note'))
           WHERE content ? 'note'"""
    )


def _texts_back() -> None:
    """Only what was never sealed can be read without a key."""
    op.add_column("submission", sa.Column("note", sa.String(), nullable=True))
    op.add_column("submission", sa.Column("comment", sa.String(), nullable=True))
    for column in ("note", "comment"):
        op.execute(
            f"""UPDATE submission SET {column} = convert_from(value, 'UTF8') FROM personal_data AS d
                WHERE d.id = {column}_id AND key_id = ''"""
        )
        op.drop_column("submission", f"{column}_id")
    op.execute(
        """UPDATE submission_version SET content = content - 'note_id' || jsonb_build_object('note', (
               SELECT convert_from(value, 'UTF8') FROM personal_data AS d
               WHERE d.id::text = content ->> 'note_id' AND key_id = ''))
           WHERE content ? 'note_id'"""
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
    _texts_apart()
    for table, column in GUARDED.items():
        refuse_erased(table, column)


def downgrade() -> None:
    for table in GUARDED:
        op.execute(f"DROP TRIGGER {table}_of_nobody_erased ON {table}")
        op.execute(f"DROP FUNCTION refuse_erased_{table}()")
    _texts_back()
    op.drop_index(
        "ix_audit_on_behalf_of", table_name="audit", postgresql_where=sa.text("on_behalf_of IS NOT NULL")
    )
    op.drop_table("personal_data")
    op.drop_table("consent")
    op.drop_table("erased_person")
