"""Tables of the audit trail, the same in every service's database, and the triggers that keep them growing only."""

from collections.abc import Iterable

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

FILLED_IN = ("position", "previous_hash", "hash")
"""Columns of an audit row that are empty at first; the sequencer fills them in, once."""

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def add_audit_tables(metadata: MetaData) -> None:
    audit = _audit(metadata)
    _guard(audit, *audit_triggers([column.name for column in audit.columns]))
    segment = Table(
        "audit_segment",
        metadata,
        Column("epoch", Uuid, primary_key=True),
        Column("after_position", BigInteger, nullable=False),
        Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    head = Table(
        "audit_head",
        metadata,
        Column("number", BigInteger, Identity(always=True), primary_key=True),
        Column("service", Text, nullable=False),
        Column("epoch", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("count", BigInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        UniqueConstraint("service", "position", "epoch", "hash"),
        Index("ix_audit_head_service", "service", "number"),
    )
    for table in (segment, head):
        _guard(table, _trigger(table.name, "rows_stay", "UPDATE OR DELETE OR TRUNCATE"))


def audit_triggers(columns: Iterable[str]) -> list[str]:
    """No row is removed, no column changed, and what the sequencer fills in is filled in once.

    By statement where that will do: an UPDATE that names such a column is refused before it looks at a row."""
    content = ", ".join(name for name in columns if name not in FILLED_IN)
    changed = " OR ".join(
        f"OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FILLED_IN
    )
    return [
        _trigger("audit", "rows_stay", "DELETE OR TRUNCATE"),
        _trigger("audit", "content_stays", f"UPDATE OF {content}"),
        _trigger("audit", "links_stay", f"UPDATE OF {', '.join(FILLED_IN)}", f"ROW WHEN ({changed})"),
    ]


def _trigger(table: str, name: str, on: str, each: str = "STATEMENT") -> str:
    return f"CREATE TRIGGER {table}_{name} BEFORE {on} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"


def _guard(table: Table, *triggers: str) -> None:
    """Where tables are made from the metadata; migrations have the same statements of their own."""
    always = [f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {made.split()[2]}" for made in triggers]
    for statement in (REFUSE, *triggers, *always):
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


def _audit(metadata: MetaData) -> Table:
    """`position`, `previous_hash` and `hash` are filled after commit, in position order: chaining inside the
    writing transaction would halve write throughput. The indexes of readers leave out what has no position, so a
    writer does not pay for them."""
    positioned = text("position IS NOT NULL")
    return Table(
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
        Index("ix_audit_at", "at", "position", postgresql_where=positioned),
        Index("ix_audit_object", "object_id", "at", "position", postgresql_where=positioned),
        Index("ix_audit_actor", "actor", "at", "position", postgresql_where=positioned),
        Index("ix_audit_organisation", "organisation", "at", "position", postgresql_where=positioned),
        Index("ix_audit_on_behalf_of", "on_behalf_of", postgresql_where=text("on_behalf_of IS NOT NULL")),
        Index("ix_audit_action", "action", "at", "position", postgresql_where=positioned),
    )
