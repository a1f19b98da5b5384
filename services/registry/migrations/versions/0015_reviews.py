"""rounds of expert review"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

GUARDED = {"review_reviewer": "person_id"}
"""Tables whose rows name a person, with the column: none may name one who was erased."""


def upgrade() -> None:
    op.create_table(
        "review_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reviewers_needed", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.CheckConstraint("reviewers_needed > 0", name=op.f("ck_review_round_reviewers_needed")),
        sa.CheckConstraint("closes_on > opens_on", name=op.f("ck_review_round_closes_on")),
        sa.CheckConstraint(
            "origin IN ('official', 'press', 'unofficial', 'demonstration')",
            name=op.f("ck_review_round_origin"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_round")),
        sa.UniqueConstraint("code", name=op.f("uq_review_round_code")),
    )
    op.create_table(
        "review_round_body",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["organisation.id"], name=op.f("fk_review_round_body_body_id")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["review_round.id"], name=op.f("fk_review_round_body_round_id")
        ),
        sa.PrimaryKeyConstraint("round_id", "body_id", name=op.f("pk_review_round_body")),
    )
    op.create_index(op.f("ix_review_round_body_body_id"), "review_round_body", ["body_id"], unique=False)
    op.create_table(
        "review_reviewer",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_review_reviewer_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_reviewer_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["review_round.id"], name=op.f("fk_review_reviewer_round_id")),
        sa.PrimaryKeyConstraint("round_id", "number", name=op.f("pk_review_reviewer")),
        sa.UniqueConstraint("round_id", "person_id", name=op.f("uq_review_reviewer_round_id_person_id")),
    )
    op.create_index(
        op.f("ix_review_reviewer_organisation_id"), "review_reviewer", ["organisation_id"], unique=False
    )
    op.create_index("ix_review_reviewer_person", "review_reviewer", ["person_id", "round_id"], unique=False)
    op.create_table(
        "review_remark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer", sa.Integer(), nullable=False),
        sa.Column("row", sa.String(), nullable=False),
        sa.Column("text", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_review_remark_answered")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["review_round.id"], name=op.f("fk_review_remark_round_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_review_remark_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_remark")),
    )
    op.create_index(op.f("ix_review_remark_round_id"), "review_remark", ["round_id"], unique=False)
    op.create_index(
        "ix_review_remark_standard", "review_remark", ["standard_id", "round_id", "id"], unique=False
    )
    op.create_table(
        "review_verdict",
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.String(), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("opinion IN ('approve', 'reject')", name=op.f("ck_review_verdict_opinion")),
        sa.ForeignKeyConstraint(["round_id"], ["review_round.id"], name=op.f("fk_review_verdict_round_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_review_verdict_standard_id")),
        sa.PrimaryKeyConstraint("standard_id", "round_id", "reviewer", name=op.f("pk_review_verdict")),
    )
    op.create_index(op.f("ix_review_verdict_round_id"), "review_verdict", ["round_id"], unique=False)
    op.add_column(
        "adoption_rule",
        sa.Column("review", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(
        """
CREATE OR REPLACE FUNCTION refuse_erased_review_reviewer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(1885695856, hashtext(NEW.person_id::text));
        IF EXISTS (SELECT FROM erased_person WHERE person_id = NEW.person_id) THEN
            RAISE EXCEPTION 'this person was erased'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'person_erased';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""
    )
    op.execute(
        "CREATE TRIGGER review_reviewer_of_nobody_erased BEFORE INSERT OR UPDATE OF person_id ON review_reviewer "
        "FOR EACH ROW EXECUTE FUNCTION refuse_erased_review_reviewer()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER review_reviewer_of_nobody_erased ON review_reviewer")
    op.execute("DROP FUNCTION refuse_erased_review_reviewer()")
    op.drop_column("adoption_rule", "review")
    op.drop_index(op.f("ix_review_verdict_round_id"), table_name="review_verdict")
    op.drop_table("review_verdict")
    op.drop_index("ix_review_remark_standard", table_name="review_remark")
    op.drop_index(op.f("ix_review_remark_round_id"), table_name="review_remark")
    op.drop_table("review_remark")
    op.drop_index("ix_review_reviewer_person", table_name="review_reviewer")
    op.drop_index(op.f("ix_review_reviewer_organisation_id"), table_name="review_reviewer")
    op.drop_table("review_reviewer")
    op.drop_index(op.f("ix_review_round_body_body_id"), table_name="review_round_body")
    op.drop_table("review_round_body")
    op.drop_table("review_round")
