"""Tables of the event backbone, the same in every service's database."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SLOTS = 16
"""Hash slots of the key by which relays share work without reordering."""


def add_messaging_tables(metadata: MetaData) -> None:
    _event(metadata)
    _epoch(metadata)
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    _dead_letter(metadata)
    Table(
        "parked_key",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    Table(
        "projection",
        metadata,
        Column("name", Text, primary_key=True),
        Column("state", Text, nullable=False, server_default="live"),
        Column("source", Text, nullable=True),
        Column("cursor", Text, nullable=True),
        Column("rebuilt_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("state IN ('live', 'rebuilding', 'broken')", name="state"),
    )


def _event(metadata: MetaData) -> None:
    """Outbox and change feed in one: rows are only ever added; `position` and `published_at` are filled once."""
    Table(
        "event",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("position", BigInteger, nullable=True, unique=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("type", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("slot", SmallInteger, nullable=False),
        Column("audience", Text, nullable=False),
        Column("recipients", ARRAY(Uuid), nullable=False, server_default="{}"),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=True),
        Column("value", LargeBinary, nullable=False),
        Column("published_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("audience IN ('public', 'organisations', 'internal')", name="audience"),
        Index("ix_event_unpositioned", "id", postgresql_where=text("position IS NULL")),
        Index(
            "ix_event_unpublished",
            "slot",
            "position",
            postgresql_where=text("published_at IS NULL AND position IS NOT NULL"),
        ),
        Index("ix_event_key", "key", "position"),
    )


def _epoch(metadata: MetaData) -> None:
    """One row per life of this database: a restore starts a new one, so positions are never reissued unnoticed."""
    Table(
        "epoch",
        metadata,
        Column("number", Integer, Identity(always=True), primary_key=True),
        Column("epoch", Uuid, nullable=False, unique=True),
        Column("base_position", BigInteger, nullable=False),
        Column("system_identifier", Text, nullable=False),
        Column("timeline", Integer, nullable=False),
        Column("database_oid", BigInteger, nullable=False),
        Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def _dead_letter(metadata: MetaData) -> None:
    Table(
        "dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("record_offset", BigInteger, nullable=False),
        Column("key", LargeBinary, nullable=True),
        Column("value", LargeBinary, nullable=True),
        Column("headers", JSONB, nullable=False),
        Column("event_id", Uuid, nullable=True),
        Column("state", Text, nullable=False, server_default="dead"),
        Column("error_type", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("failed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("settled_at", DateTime(timezone=True), nullable=True),
        CheckConstraint("state IN ('dead', 'parked', 'replayed', 'discarded')", name="state"),
        # A place alone names no record: a topic that is made again, or another broker, counts from nought once more.
        Index(
            "ix_dead_letter_record",
            "consumer",
            "topic",
            "partition",
            "record_offset",
            text("COALESCE(event_id::text, encode(sha256(value), 'hex'::text), ''::text)"),
            unique=True,
        ),
        Index("ix_dead_letter_open", "consumer", "id", postgresql_where=text("state IN ('dead', 'parked')")),
    )
