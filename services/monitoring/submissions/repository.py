"""All SQL of visits. Rows are scoped to the organisation whose campaign they belong to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.monitoring.references.repository import CHECK_LOCK, STAMP
from shared.auth.principal import Acting
from shared.db.database import Connection
from shared.people.store import COLUMNS, values

Row = asyncpg.Record

FACTS = (
    "tier",
    "applicant",
    "channel",
    "applied_on",
    "applied_at",
    "term_started_on",
    "delivered_on",
    "delivered_at",
    "fees_paid",
    "documents_asked",
    "note_id",
    "words_id",
)
"""Columns that hold what the monitor saw, in the order the statements take them."""

_FACTS = ", ".join(FACTS)
_REFERENCES = """campaign.code AS campaign_code, campaign.name AS campaign_name, starts_on, ends_on,
    place.id AS territory_id, place.name AS territory_name, service.code AS service_code, service.name AS service_name"""
"""What a visit is shown with, of its `campaign` and, as far as they are known, its `place` and `service`."""
_SUBMISSION = f"""
SELECT submission.id, campaign_id, organisation_id, municipality_code, service_id, submission.state,
    submission.version, {", ".join(f"submission.{name}" for name in FACTS)}, reason, comment_id, consent_id,
    recheck_on, submission.created_at, submission.updated_at, check_id, found.state AS check_state,
    found.verdict AS check_verdict, found.provisional AS check_provisional, found.standard AS check_standard,
    found.checks AS check_checks, found.calendar AS check_calendar, found.cause AS check_cause, found.checked_at,
    coalesce(place.path, ARRAY[municipality_code]) AS place,
    {_REFERENCES}
FROM submission JOIN submission_check AS found ON found.id = check_id
JOIN campaign ON campaign.id = campaign_id
LEFT JOIN known_territory AS place ON place.code = municipality_code
LEFT JOIN known_service AS service ON service.id = service_id
"""


async def intake(sql: Connection, campaign_id: UUID, municipality_code: str, service_id: UUID) -> Row | None:
    """What a new visit is held against, and the lock that keeps the rules still until it is committed.

    The statement's snapshot may be older than the lock, so what is written by it names the stamp it saw."""
    return await sql.fetchrow(
        f"""SELECT owner_id, state, $2 = ANY (municipality_codes) AS has_municipality,
               $3 = ANY (service_ids) AS has_service, coalesce(place.path, ARRAY[$2]) AS place, {STAMP} AS stamp,
               {_REFERENCES}, pg_advisory_xact_lock_shared($4)
            FROM campaign LEFT JOIN known_territory AS place ON place.code = $2
            LEFT JOIN known_service AS service ON service.id = $3 WHERE campaign.id = $1""",
        campaign_id,
        municipality_code,
        service_id,
        CHECK_LOCK,
    )


_CHECK_COLUMNS = """id, submission_id, submission_version, cause, state, verdict, provisional,
    standard_version_id, tier, standard, checks, calendar, inputs, checked_at"""

# Everything of a new visit in one round trip; nothing at all when the rules have changed since they were read.
# After its own values come those of a row of personal data, which are null where there is no note.
_ADD = f"""
WITH added AS (
    INSERT INTO submission (id, campaign_id, organisation_id, municipality_code, service_id, state, version,
        {_FACTS}, check_id, recheck_on, created_at, updated_at, consent_id)
    SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, $5::uuid, 'received', 1, $6::text, $7::text, $8::text, $9::date,
        $10::time, $11::date, $12::date, $13::time, $14::jsonb, $15::jsonb, $16::uuid, $17::uuid, $18::uuid,
        $19::date, $20::timestamptz, $20::timestamptz, $33::uuid
    WHERE {STAMP} = $21::bigint
    RETURNING id
), checked AS (
    INSERT INTO submission_check ({_CHECK_COLUMNS})
    SELECT $18::uuid, id, 1, 'submitted', $22::text, $23::text, $24::boolean, $25::uuid, $26::text, $27::jsonb,
        $28::jsonb, $29::jsonb, $30::jsonb, $20::timestamptz FROM added
), kept AS (
    INSERT INTO submission_version (submission_id, version, change, content, recorded_at)
    SELECT id, 1, 'submitted', $31::jsonb, $20::timestamptz FROM added
), said AS (
    INSERT INTO personal_data ({COLUMNS}) SELECT {values(34)} FROM added WHERE $16::uuid IS NOT NULL
)
INSERT INTO submission_monitor (submission_id, monitor_id) SELECT id, $32::uuid FROM added RETURNING true
"""


async def add(sql: Connection, values: Sequence[object]) -> bool:
    """False when the stamp is no longer the present one."""
    return bool(await sql.fetchval(_ADD, *values))


async def submission(sql: Connection, identifier: UUID, organisation: Acting) -> Row | None:
    return await sql.fetchrow(
        f"{_SUBMISSION} WHERE submission.id = $1 AND organisation_id = $2", identifier, organisation
    )


async def lock(sql: Connection, identifier: UUID, organisation: Acting) -> Row | None:
    """The row, locked, as it is once nobody else changes it.

    In two statements: a lock taken in the join would be checked against the check the row had before the wait."""
    await sql.execute(
        "SELECT FROM submission WHERE id = $1 AND organisation_id = $2 FOR UPDATE", identifier, organisation
    )
    return await submission(sql, identifier, organisation)


async def made_by(sql: Connection, identifier: UUID, monitor: UUID) -> bool:
    return bool(
        await sql.fetchval(
            "SELECT true FROM submission_monitor WHERE submission_id = $1 AND monitor_id = $2",
            identifier,
            monitor,
        )
    )


async def maker(sql: Connection, identifier: UUID) -> UUID | None:
    """Who made a visit; None once they are erased."""
    found: UUID | None = await sql.fetchval(
        "SELECT monitor_id FROM submission_monitor WHERE submission_id = $1", identifier
    )
    return found


async def submissions(
    sql: Connection,
    organisation: Acting,
    *,
    campaign_id: UUID | None,
    state: str | None,
    verdict: str | None,
    monitor: UUID | None,
    flagged: bool | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Newest first; `monitor`: only those this monitor made; `flagged`: only those with a quality flag, or without."""
    return await sql.fetch(
        f"""{_SUBMISSION} WHERE organisation_id = $1 AND ($2::uuid IS NULL OR campaign_id = $2)
            AND ($3::text IS NULL OR submission.state = $3) AND ($4::text IS NULL OR found.verdict = $4)
            AND ($5::uuid IS NULL OR EXISTS (SELECT FROM submission_monitor AS by
                    WHERE by.submission_id = submission.id AND by.monitor_id = $5))
            AND ($6::boolean IS NULL OR (applied_on NOT BETWEEN starts_on AND ends_on) = $6)
            AND ($7::uuid IS NULL OR submission.id < $7)
            ORDER BY submission.id DESC LIMIT $8""",
        organisation,
        campaign_id,
        state,
        verdict,
        monitor,
        flagged,
        before,
        limit,
    )


async def save(sql: Connection, row: Row, changes: dict[str, Any], at: datetime) -> int:
    """Set columns of a locked row; its new version."""
    names = list(changes)
    assigned = "".join(f", {name} = ${number}" for number, name in enumerate(names, 3))
    version: int = await sql.fetchval(
        f"UPDATE submission SET version = version + 1, updated_at = $2{assigned} WHERE id = $1 RETURNING version",
        row["id"],
        at,
        *(changes[name] for name in names),
    )
    return version


async def keep_version(
    sql: Connection, identifier: UUID, version: int, change: str, content: dict[str, Any], at: datetime
) -> None:
    await sql.execute(
        """INSERT INTO submission_version (submission_id, version, change, content, recorded_at)
           VALUES ($1, $2, $3, $4, $5)""",
        identifier,
        version,
        change,
        content,
        at,
    )


async def add_check(sql: Connection, values: Sequence[object]) -> None:
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await sql.execute(f"INSERT INTO submission_check ({_CHECK_COLUMNS}) VALUES ({marks})", *values)


async def versions(sql: Connection, identifier: UUID, after: int, limit: int) -> Sequence[Row]:
    return await sql.fetch(
        """SELECT version, change, content, recorded_at FROM submission_version
           WHERE submission_id = $1 AND version > $2 ORDER BY version LIMIT $3""",
        identifier,
        after,
        limit,
    )


async def checks(sql: Connection, identifier: UUID, after: UUID | None, limit: int) -> Sequence[Row]:
    return await sql.fetch(
        f"""SELECT {_CHECK_COLUMNS} FROM submission_check
            WHERE submission_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3""",
        identifier,
        after,
        limit,
    )


_AGAIN = "state IN ('received', 'approved')"


async def mark_service(sql: Connection, service_id: UUID, since: date, today: date) -> int:
    """Visits to this service whose standard may be another one now; pending ones whatever their date."""
    return _count(
        await sql.execute(
            f"""UPDATE submission SET recheck_on = $3 WHERE service_id = $1 AND {_AGAIN} AND (applied_on >= $2
                OR EXISTS (SELECT FROM submission_check WHERE id = check_id AND state = 'pending'))""",
            service_id,
            since,
            today,
        )
    )


async def mark_year(sql: Connection, year: int, today: date) -> int:
    """Visits whose check counted days of this year."""
    return _count(
        await sql.execute(
            f"""UPDATE submission SET recheck_on = $2 WHERE {_AGAIN}
                AND EXISTS (SELECT FROM submission_check WHERE id = check_id AND calendar ? $1)""",
            str(year),
            today,
        )
    )


async def due(sql: Connection, today: date, limit: int) -> Sequence[Row]:
    """Visits to check again, locked. Those another transaction works on are left for the next run, and those
    to a service that is not known just now: what events say of them could not be said."""
    rows = await sql.fetch(
        f"""SELECT id FROM submission WHERE recheck_on <= $1 AND {_AGAIN}
            AND EXISTS (SELECT FROM known_service WHERE known_service.id = service_id)
            ORDER BY recheck_on, id LIMIT $2 FOR UPDATE SKIP LOCKED""",
        today,
        limit,
    )
    if not rows:
        return []
    identifiers = [row["id"] for row in rows]
    return await sql.fetch(f"{_SUBMISSION} WHERE submission.id = ANY ($1::uuid[])", identifiers)


async def postpone(sql: Connection, identifiers: Sequence[UUID], days: Sequence[date | None]) -> None:
    """Set the next day of a check that said nothing new."""
    await sql.execute(
        """UPDATE submission SET recheck_on = found.day
           FROM unnest($1::uuid[], $2::date[]) AS found (id, day) WHERE submission.id = found.id""",
        identifiers,
        days,
    )


async def subject(sql: Connection, identifier: UUID) -> Row:
    """The campaign, service, municipality and provider that events about a visit speak of."""
    row = await sql.fetchrow(
        """SELECT campaign.id AS campaign_id, campaign.code AS campaign_code, campaign.name AS campaign_name,
               campaign.owner_id, campaign.answer_days, campaign.origin,
               s.id AS service_id, s.code AS service_code, s.name AS service_name, s.level, s.body,
               submission.municipality_code, t.id AS territory_id, t.name AS territory_name, t.path,
               o.id AS municipality_body_id, o.name AS municipality_body_name
           FROM submission JOIN campaign ON campaign.id = campaign_id
           LEFT JOIN known_service AS s ON s.id = submission.service_id
           LEFT JOIN known_territory AS t ON t.code = municipality_code
           LEFT JOIN LATERAL (SELECT id, name FROM known_organisation WHERE code = municipality_code
                              ORDER BY active DESC, id LIMIT 1) AS o ON true
           WHERE submission.id = $1""",
        identifier,
    )
    assert row is not None
    return row


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
