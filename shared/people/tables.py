"""Tables of personal data, the same in every service's database, and the triggers that let nobody erased come back."""

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    event,
    func,
    text,
)

from shared.db.tables import one_of
from shared.people.kinds import Ground

PERSON_LOCKS = 0x70656F70
"""First half of the advisory locks on persons: who writes about one shares it, who erases one has it alone."""
REFUSED = "person_erased"
"""The constraint that a write about an erased person violates."""
CHANNELS = ("own", "desk")


def add_people_tables(metadata: MetaData) -> None:
    Table(
        "erased_person",
        metadata,
        Column("person_id", Uuid, primary_key=True),
        Column("erasure_id", Uuid, nullable=False),
        Column("erased_at", DateTime(timezone=True), nullable=False),
    )
    consent = Table(
        "consent",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("person_id", Uuid, nullable=False),
        Column("organisation_id", Uuid, nullable=True),
        Column("purpose", Text, nullable=False),
        Column("text_version", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("recorded_by", Uuid, nullable=False),
        Column("object_id", Uuid, nullable=True),
        Column("given_at", DateTime(timezone=True), nullable=False),
        Column("withdrawn_at", DateTime(timezone=True), nullable=True),
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint("channel = 'desk' OR recorded_by = person_id", name="own"),
        Index("ix_consent_person", "person_id", "id"),
        Index("ix_consent_withdrawn_at", "withdrawn_at", postgresql_where=text("withdrawn_at IS NOT NULL")),
    )
    data = Table(
        "personal_data",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("person_id", Uuid, nullable=True),
        Column("organisation_id", Uuid, nullable=True),
        Column("shared_with", Uuid, nullable=True),
        Column("kind", Text, nullable=False),
        Column("object_id", Uuid, nullable=False),
        Column("key_id", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("consent_id", Uuid, ForeignKey("consent.id"), nullable=True),
        Column("ground", Text, nullable=False),
        Column("kept_until", DateTime(timezone=True), nullable=True),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        CheckConstraint(one_of("ground", Ground), name="ground"),
        CheckConstraint("ground <> 'consent' OR consent_id IS NOT NULL", name="consent"),
        Index("ix_personal_data_person", "person_id", "kind"),
        Index("ix_personal_data_object", "object_id", "kind"),
        Index("ix_personal_data_key", "key_id", "id"),
        Index("ix_personal_data_consent", "consent_id", postgresql_where=text("consent_id IS NOT NULL")),
        Index("ix_personal_data_kept_until", "kept_until", postgresql_where=text("kept_until IS NOT NULL")),
    )
    guard(consent, "person_id")
    guard(data, "person_id")


def guard(table: Table, column: str) -> None:
    """No row of this table may name an erased person. Migrations have the same statements of their own."""
    for statement in refusing(table.name, column):
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


def refusing(table: str, column: str) -> tuple[str, str]:
    """The function and the trigger.

    The lock makes a writer and an erasure wait for each other, and a volatile function looks with a snapshot of its
    own after the wait: of two that race, either the erasure sees the row or the writer sees the tombstone."""
    return (
        f"""
CREATE OR REPLACE FUNCTION refuse_erased_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.{column} IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared({PERSON_LOCKS}, hashtext(NEW.{column}::text));
        IF EXISTS (SELECT FROM erased_person WHERE person_id = NEW.{column}) THEN
            RAISE EXCEPTION 'this person was erased'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{REFUSED}';
        END IF;
    END IF;
    RETURN NEW;
END $$
""",
        f"""CREATE TRIGGER {table}_of_nobody_erased BEFORE INSERT OR UPDATE OF {column} ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_erased_{table}()""",
    )
