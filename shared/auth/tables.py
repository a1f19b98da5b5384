"""Tables of identity in every service: the credentials revoked within one token life, answers kept under a key."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_auth_tables(metadata: MetaData) -> None:
    Table(
        "revoked_credential",
        metadata,
        Column("cid", Uuid, primary_key=True),
        Column("revoked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("forget_at", DateTime(timezone=True), nullable=False, index=True),
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
