"""scoring tables"""

# fmt: off

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Uuid(), nullable=True),
        sa.Column("on_behalf_of", sa.Uuid(), nullable=True),
        sa.Column("credential", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_position")),
    )
    op.create_index("ix_audit_object", "audit", ["object_type", "object_id", "id"], unique=False)
    op.create_index(
        "ix_audit_unchained", "audit", ["id"], unique=False, postgresql_where=sa.text("position IS NULL")
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="dead", nullable=False),
        sa.Column("error_type", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('dead', 'parked', 'replayed', 'discarded')", name=op.f("ck_dead_letter_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
        sa.UniqueConstraint(
            "consumer",
            "topic",
            "partition",
            "record_offset",
            name=op.f("uq_dead_letter_consumer_topic_partition_record_offset"),
        ),
    )
    op.create_index(
        "ix_dead_letter_open",
        "dead_letter",
        ["consumer", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('dead', 'parked')"),
    )
    op.create_table(
        "epoch",
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("base_position", sa.BigInteger(), nullable=False),
        sa.Column("system_identifier", sa.Text(), nullable=False),
        sa.Column("timeline", sa.Integer(), nullable=False),
        sa.Column("database_oid", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_epoch")),
        sa.UniqueConstraint("epoch", name=op.f("uq_epoch_epoch")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "audience IN ('public', 'organisations', 'internal')", name=op.f("ck_event_audience")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_event_id")),
        sa.UniqueConstraint("position", name=op.f("uq_event_position")),
    )
    op.create_index("ix_event_key", "event", ["key", "position"], unique=False)
    op.create_index(
        "ix_event_unpositioned", "event", ["id"], unique=False, postgresql_where=sa.text("position IS NULL")
    )
    op.create_index(
        "ix_event_unpublished",
        "event",
        ["slot", "position"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL AND position IS NOT NULL"),
    )
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="5", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL) AND (lease_until IS NULL) = (leased_by IS NULL)",
            name=op.f("ck_job_lease"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name=op.f("ck_job_finished")
        ),
        sa.CheckConstraint("jsonb_typeof(payload) = 'object'", name=op.f("ck_job_payload")),
        sa.CheckConstraint("jsonb_typeof(result) = 'object'", name=op.f("ck_job_result")),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_job_state")),
        sa.CheckConstraint("attempts BETWEEN 0 AND max_attempts", name=op.f("ck_job_attempts")),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_job_progress")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_finished",
        "job",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["run_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "uq_job_queued",
        "job",
        ["kind", "unique_key"],
        unique=True,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "uq_job_running",
        "job",
        ["kind", "unique_key"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "method",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name=op.f("ck_method_published_at")
        ),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_method_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method")),
        sa.UniqueConstraint("code", "number", name=op.f("uq_method_code_number")),
    )
    op.create_table(
        "observation_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method_code", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_import")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("territory_code", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "parked_key",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic", "key", name=op.f("pk_parked_key")),
    )
    op.create_table(
        "projection",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("rebuilt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('live', 'rebuilding', 'broken')", name=op.f("ck_projection_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projection")),
    )
    op.create_table(
        "revoked_credential",
        sa.Column("cid", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cid", name=op.f("pk_revoked_credential")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("path", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("municipality", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
    )
    op.create_index(op.f("ix_territory_code"), "territory", ["code"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("municipality_code", sa.String(), nullable=True),
        sa.Column("municipality", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("service", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("standard", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.CheckConstraint("level IS NULL OR level IN ('state', 'municipal')", name=op.f("ck_visit_level")),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict IN ('met', 'breached', 'undetermined')", name=op.f("ck_visit_verdict")
        ),
        sa.CheckConstraint(
            "withdrawn OR (verdict IS NOT NULL AND applied_on IS NOT NULL)", name=op.f("ck_visit_complete")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(
        "ix_visit_counting",
        "visit",
        ["municipality_code", "applied_on", "id"],
        unique=False,
        postgresql_where=sa.text("level = 'municipal' AND NOT withdrawn"),
    )
    op.create_table(
        "observation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method_code", sa.String(), nullable=False),
        sa.Column("municipality_code", sa.String(), nullable=False),
        sa.Column("indicator_code", sa.String(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'reported') = (value IS NOT NULL)", name=op.f("ck_observation_value")),
        sa.CheckConstraint(
            "origin IN ('official', 'press', 'unofficial', 'demonstration')",
            name=op.f("ck_observation_origin"),
        ),
        sa.CheckConstraint(
            "state IN ('reported', 'not_applicable', 'suppressed')", name=op.f("ck_observation_state")
        ),
        sa.CheckConstraint(
            "value NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_observation_finite")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["observation_import.id"], name=op.f("fk_observation_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index(op.f("ix_observation_import_id"), "observation", ["import_id"], unique=False)
    op.create_index(
        "uq_observation_current",
        "observation",
        ["method_code", "municipality_code", "indicator_code", "period_end"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("method_code", sa.String(), nullable=False),
        sa.Column("method_number", sa.Integer(), nullable=False),
        sa.Column("method_hash", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("live_run_id", sa.Uuid(), nullable=True),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.Column("municipalities", sa.Integer(), nullable=False),
        sa.Column("ranked", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'published') = (live_run_id IS NOT NULL)", name=op.f("ck_run_live_run")),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name=op.f("ck_run_published_at")
        ),
        sa.CheckConstraint("state IN ('provisional', 'published')", name=op.f("ck_run_state")),
        sa.CheckConstraint("period_start <= period_end", name=op.f("ck_run_period")),
        sa.ForeignKeyConstraint(["live_run_id"], ["run.id"], name=op.f("fk_run_live_run_id")),
        sa.ForeignKeyConstraint(["method_id"], ["method.id"], name=op.f("fk_run_method_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("uq_run_edition", "run", ["live_run_id", "edition"], unique=True)
    op.create_index(
        "uq_run_live",
        "run",
        ["method_id", "period_start", "period_end"],
        unique=True,
        postgresql_where=sa.text("state = 'provisional'"),
    )
    op.create_table(
        "result",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("municipality_code", sa.String(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=True),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("path", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("dimensions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("indicators", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_result_run_id")),
        sa.PrimaryKeyConstraint("run_id", "municipality_code", name=op.f("pk_result")),
    )
    op.create_index("ix_result_path", "result", ["path"], unique=False, postgresql_using="gin")
    op.create_index("ix_result_ranked", "result", ["run_id", "place", "municipality_code"], unique=False)
    op.create_table(
        "run_visit",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("municipality_code", sa.String(), nullable=False),
        sa.Column("service", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("standard", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_visit_run_id")),
        sa.PrimaryKeyConstraint("run_id", "visit_id", name=op.f("pk_run_visit")),
    )
    op.create_index(
        "ix_run_visit_listed",
        "run_visit",
        ["run_id", "municipality_code", "applied_on", "visit_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_run_visit_listed", table_name="run_visit")
    op.drop_table("run_visit")
    op.drop_index("ix_result_ranked", table_name="result")
    op.drop_index("ix_result_path", table_name="result", postgresql_using="gin")
    op.drop_table("result")
    op.drop_index("uq_run_live", table_name="run", postgresql_where=sa.text("state = 'provisional'"))
    op.drop_index("uq_run_edition", table_name="run")
    op.drop_table("run")
    op.drop_index(
        "uq_observation_current", table_name="observation", postgresql_where=sa.text("superseded_at IS NULL")
    )
    op.drop_index(op.f("ix_observation_import_id"), table_name="observation")
    op.drop_table("observation")
    op.drop_index(
        "ix_visit_counting",
        table_name="visit",
        postgresql_where=sa.text("level = 'municipal' AND NOT withdrawn"),
    )
    op.drop_table("visit")
    op.drop_index(op.f("ix_territory_code"), table_name="territory")
    op.drop_table("territory")
    op.drop_table("revoked_credential")
    op.drop_table("projection")
    op.drop_table("parked_key")
    op.drop_table("organisation")
    op.drop_table("observation_import")
    op.drop_table("method")
    op.drop_index("uq_job_running", table_name="job", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("uq_job_queued", table_name="job", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index("ix_job_open", table_name="job", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_index("ix_job_finished", table_name="job", postgresql_where=sa.text("finished_at IS NOT NULL"))
    op.drop_table("job")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index(
        "ix_event_unpublished",
        table_name="event",
        postgresql_where=sa.text("published_at IS NULL AND position IS NOT NULL"),
    )
    op.drop_index("ix_event_unpositioned", table_name="event", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_event_key", table_name="event")
    op.drop_table("event")
    op.drop_table("epoch")
    op.drop_index(
        "ix_dead_letter_open",
        table_name="dead_letter",
        postgresql_where=sa.text("state IN ('dead', 'parked')"),
    )
    op.drop_table("dead_letter")
    op.drop_index("ix_audit_unchained", table_name="audit", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_audit_object", table_name="audit")
    op.drop_table("audit")
