"""Tables of identity in every service: the audit trail and the credentials revoked within one token life."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_auth_tables(metadata: MetaData) -> None:
    _audit(metadata)
    Table(
        "revoked_credential",
        metadata,
        Column("cid", Uuid, primary_key=True),
        Column("revoked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("forget_at", DateTime(timezone=True), nullable=False),
    )


def _audit(metadata: MetaData) -> None:
    """Append-only. `position`, `previous_hash` and `hash` are filled after commit, in position order:
    chaining inside the writing transaction would halve write throughput."""
    Table(
        "audit",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("position", BigInteger, nullable=True, unique=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("actor", Uuid, nullable=True),
        Column("actor_kind", Text, nullable=False),
        Column("organisation", Uuid, nullable=True),
        Column("on_behalf_of", Uuid, nullable=True),
        Column("credential", Uuid, nullable=True),
        Column("action", Text, nullable=False),
        Column("object_type", Text, nullable=False),
        Column("object_id", Uuid, nullable=False),
        Column("before", JSONB, nullable=True),
        Column("after", JSONB, nullable=True),
        Column("trace_id", Text, nullable=True),
        Column("request_id", Text, nullable=True),
        Column("previous_hash", LargeBinary, nullable=True),
        Column("hash", LargeBinary, nullable=True),
        Index("ix_audit_unchained", "id", postgresql_where=text("position IS NULL")),
        Index("ix_audit_object", "object_type", "object_id", "id"),
    )


def add_idempotency_table(metadata: MetaData) -> None:
    """Answers to repeatable POSTs, stored in the transaction of their effect."""
    Table(
        "idempotency",
        metadata,
        Column("subject", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", BigInteger, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Index(None, "created_at"),
    )
