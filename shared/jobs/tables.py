"""The table of jobs, the same in every service's database."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

DEFAULT_MAX_ATTEMPTS = 5


def add_job_tables(metadata: MetaData) -> None:
    """`attempts` counts claims, so together with `leased_by` it tells one attempt from every other."""
    Table(
        "job",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("unique_key", Text, nullable=True),
        Column("owner", Uuid, nullable=True),
        Column("traceparent", Text, nullable=True),
        Column("run_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("state", Text, nullable=False, server_default="queued"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("max_attempts", Integer, nullable=False, server_default=str(DEFAULT_MAX_ATTEMPTS)),
        Column("lease_until", DateTime(timezone=True), nullable=True),
        Column("leased_by", Text, nullable=True),
        Column("progress", Double, nullable=False, server_default="0"),
        Column("result", JSONB, nullable=True),
        Column("error", Text, nullable=True),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("finished_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL) AND (lease_until IS NULL) = (leased_by IS NULL)",
            name="lease",
        ),
        CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("attempts BETWEEN 0 AND max_attempts", name="attempts"),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
        CheckConstraint("jsonb_typeof(payload) = 'object'", name="payload"),
        CheckConstraint("jsonb_typeof(result) = 'object'", name="result"),
        *_indexes(),
    )


def _indexes() -> tuple[Index, ...]:
    """At most one job waits and at most one runs under a key. Finished rows burden none of the hot indexes."""
    return (
        Index("ix_job_open", "run_at", postgresql_where=text("state IN ('queued', 'running')")),
        Index("uq_job_queued", "kind", "unique_key", unique=True, postgresql_where=text("state = 'queued'")),
        Index(
            "uq_job_running", "kind", "unique_key", unique=True, postgresql_where=text("state = 'running'")
        ),
        Index("ix_job_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    )
