"""All SQL that reads the projections, and the lock that keeps checks and late facts apart."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.monitoring.references.calendar import Year
from shared.contracts.registry import StandardVersion
from shared.db.database import Connection

CHECK_LOCK = 0x6D6F6E69_63686563
"""Shared by whoever checks a visit, exclusive for whoever changes a standard or the calendar: a visit that is
being checked by the old rules is committed before the change looks for the visits it touches."""


async def hold(sql: Connection) -> None:
    """No standard and no calendar changes until this transaction ends. Taken before any row is locked."""
    await sql.execute("SELECT pg_advisory_xact_lock_shared($1)", CHECK_LOCK)


async def hold_alone(sql: Connection) -> None:
    """No visit is checked until this transaction ends."""
    await sql.execute("SELECT pg_advisory_xact_lock($1)", CHECK_LOCK)


STAMP = "coalesce((SELECT stamp FROM reference_stamp), 0)"


async def stamp(sql: Connection) -> int:
    found: int = await sql.fetchval(f"SELECT {STAMP}")
    return found


async def touch(sql: Connection) -> None:
    """Rules changed: what was parsed from them is out of date."""
    await sql.execute(
        """INSERT INTO reference_stamp (single, stamp) VALUES (true, 1)
           ON CONFLICT (single) DO UPDATE SET stamp = reference_stamp.stamp + 1"""
    )


async def standards_of(sql: Connection, service_id: UUID) -> tuple[StandardVersion, ...]:
    rows = await sql.fetch("SELECT state FROM known_standard WHERE service_id = $1", service_id)
    return tuple(StandardVersion.model_validate(row["state"]) for row in rows)


async def earliest_validity(sql: Connection, version_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Service → earliest day on which one of these versions was in force, as far as known before a change."""
    rows = await sql.fetch(
        """SELECT service_id, min(valid_from) AS since FROM known_standard
           WHERE version_id = ANY($1::uuid[]) GROUP BY service_id""",
        version_ids,
    )
    return {row["service_id"]: row["since"] for row in rows}


async def years(sql: Connection) -> list[Year]:
    rows = await sql.fetch("SELECT year, version, decreed, days FROM known_calendar_year")
    return [
        Year(
            row["year"],
            row["version"],
            row["decreed"],
            {date.fromisoformat(day): working for day, working in row["days"].items()},
        )
        for row in rows
    ]
