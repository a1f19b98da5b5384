"""All SQL of findings. Read by their addressee, by the organisation whose campaign they come from, and by those who
oversee the addressee or the place."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.monitoring.oversight.domain import Reach
from shared.calendar import Reckoned
from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = """finding.id, number, submission_id, finding.owner_id, addressee_id, criterion, reason, severity, facts,
    finding.state, asked_on, answer_due_on, answer_due_provisional, escalated_on, finding.origin, finding.version,
    finding.created_at, finding.updated_at"""


def _shown(source: str) -> str:
    """Findings with the names their references have today; a copy of the registry that is being rebuilt leaves those
    of the day the finding was put."""
    return f"""
SELECT {_COLUMNS},
    jsonb_build_object('id', campaign_id, 'code', campaign.code, 'name', campaign.name) AS campaign,
    CASE WHEN o.id IS NULL THEN finding.addressee
        ELSE jsonb_build_object('id', o.id, 'code', o.code, 'name', o.name) END AS addressee,
    CASE WHEN t.id IS NULL THEN finding.municipality
        ELSE jsonb_build_object('id', t.id, 'code', t.code, 'name', t.name, 'path', t.path) END AS municipality,
    CASE WHEN s.id IS NULL THEN finding.service
        ELSE jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name) END AS service
FROM {source} AS finding JOIN campaign ON campaign.id = campaign_id
LEFT JOIN known_organisation AS o ON o.id = addressee_id
LEFT JOIN known_territory AS t ON t.code = finding.municipality ->> 'code'
LEFT JOIN known_service AS s ON s.id = (finding.service ->> 'id')::uuid
"""


_FINDING = _shown("finding")


def _changed(statement: str) -> str:
    """The finding as it is after an INSERT or UPDATE."""
    return f"WITH changed AS ({statement} RETURNING *) {_shown('changed')}"


_PROVISIONAL = "answer_due_provisional AND state = 'open'"
_OWN = "(addressee_id = $1 OR finding.owner_id = $1) AND $2::uuid[] = '{}' AND $3::text IS NULL"
_OVERSEEN = """(addressee_id = $1 OR finding.owner_id = $1 OR addressee_id = ANY($2::uuid[])
    OR finding.municipality -> 'path' ? $3)"""


def _within(reach: Reach) -> str:
    """The condition of what may be read; `_of` gives its parameters. Who oversees nothing is spared what no index
    answers."""
    return _OVERSEEN if reach.bodies or reach.territory else _OWN


def _of(reach: Reach) -> tuple[object, ...]:
    return reach.organisation, reach.bodies, reach.territory


async def finding(sql: Connection, reach: Reach, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"{_FINDING} WHERE {_within(reach)} AND finding.id = $4", *_of(reach), identifier
    )


async def findings(
    sql: Connection,
    reach: Reach,
    *,
    state: str | None,
    campaign_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""{_FINDING} WHERE {_within(reach)} AND ($4::text IS NULL OR finding.state = $4)
            AND ($5::uuid IS NULL OR campaign_id = $5) AND ($6::uuid IS NULL OR finding.id < $6)
            ORDER BY finding.id DESC LIMIT $7""",
        *_of(reach),
        state,
        campaign_id,
        before,
        limit,
    )


async def standings(
    sql: Connection, reach: Reach, today: date, after: UUID | None, limit: int
) -> Sequence[Row]:
    """Bodies with findings within reach, as they stand today; those without a name yet have their code."""
    return await sql.fetch(
        f"""SELECT addressee_id AS id, count(*) AS findings, count(*) FILTER (WHERE state = 'open') AS open,
                count(*) FILTER (WHERE state = 'open' AND answer_due_on < $4) AS overdue,
                count(*) FILTER (WHERE state = 'open' AND severity = 3) AS severe,
                min(answer_due_on) FILTER (WHERE state = 'open') AS earliest_due_on,
                coalesce(
                    (SELECT jsonb_build_object('id', o.id, 'code', o.code, 'name', o.name)
                     FROM known_organisation AS o WHERE o.id = addressee_id),
                    (array_agg(addressee ORDER BY finding.id DESC))[1]) AS body
            FROM finding WHERE {_within(reach)} AND ($5::uuid IS NULL OR addressee_id > $5)
            GROUP BY addressee_id ORDER BY addressee_id LIMIT $6""",
        *_of(reach),
        today,
        after,
        limit,
    )


async def unanswered(sql: Connection, today: date, limit: int) -> Sequence[Row]:
    """Open findings whose time to answer is over and nobody was told of it, locked. A provisional date may still
    give more time: it is waited for the decree."""
    return await sql.fetch(
        """SELECT id, owner_id, addressee_id, municipality FROM finding
           WHERE state = 'open' AND escalated_on IS NULL AND answer_due_on < $1 AND NOT answer_due_provisional
           ORDER BY answer_due_on, id LIMIT $2 FOR UPDATE SKIP LOCKED""",
        today,
        limit,
    )


async def escalate(sql: Connection, identifier: UUID, today: date, at: datetime) -> Row:
    row = await sql.fetchrow(
        _changed(
            """UPDATE finding SET escalated_on = $2, version = version + 1, updated_at = $3
            WHERE id = $1"""
        ),
        identifier,
        today,
        at,
    )
    assert row is not None
    return row


async def of_submission(sql: Connection, submission_id: UUID) -> Sequence[Row]:
    """Locked."""
    return await sql.fetch(
        """SELECT id, criterion, state, reason, facts, addressee_id, asked_on, answer_due_on, answer_due_provisional
           FROM finding WHERE submission_id = $1 ORDER BY number FOR UPDATE""",
        submission_id,
    )


async def add(sql: Connection, values: Sequence[object]) -> Row:
    row = await sql.fetchrow(
        _changed(
            """INSERT INTO finding (id, submission_id, campaign_id, owner_id, addressee_id, campaign, addressee,
                municipality, service, criterion, reason, severity, facts, state, asked_on, answer_due_on,
                answer_due_provisional, origin, version, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14, $15, $16, $17, 1, $18, $18)"""
        ),
        *values,
    )
    assert row is not None
    return row


async def reopen(
    sql: Connection,
    identifier: UUID,
    *,
    addressee_id: UUID,
    addressee: dict[str, Any],
    reason: str,
    severity: int,
    facts: dict[str, Any],
    asked_on: date,
    due: Reckoned,
    at: datetime,
) -> Row:
    """Say anew what was breached; also where the finding had been withdrawn."""
    row = await sql.fetchrow(
        _changed(
            """UPDATE finding SET addressee_id = $2, addressee = $3, reason = $4, severity = $5, facts = $6,
                asked_on = $7, answer_due_on = $8, answer_due_provisional = $9, state = 'open',
                escalated_on = CASE WHEN asked_on = $7 AND addressee_id = $2 THEN escalated_on END,
                version = version + 1, updated_at = $10
            WHERE id = $1"""
        ),
        identifier,
        addressee_id,
        addressee,
        reason,
        severity,
        facts,
        asked_on,
        due.date,
        due.provisional,
        at,
    )
    assert row is not None
    return row


async def withdraw(sql: Connection, identifier: UUID, at: datetime) -> Row:
    row = await sql.fetchrow(
        _changed(
            """UPDATE finding SET state = 'withdrawn', version = version + 1, updated_at = $2
            WHERE id = $1"""
        ),
        identifier,
        at,
    )
    assert row is not None
    return row


async def any_provisional(sql: Connection) -> bool:
    """Whether a term to answer rests on days of a year that is not decreed."""
    found: bool = await sql.fetchval(f"SELECT EXISTS (SELECT FROM finding WHERE {_PROVISIONAL})")
    return found


async def provisional(sql: Connection, after: UUID, limit: int) -> Sequence[Row]:
    """Open findings with such a term, locked, with the campaign's `answer_days`. Those another transaction works on
    are left for the next run."""
    return await sql.fetch(
        f"""SELECT id, owner_id, asked_on, answer_due_on,
                (SELECT answer_days FROM campaign WHERE campaign.id = campaign_id) AS answer_days
            FROM finding WHERE {_PROVISIONAL} AND id > $1
            ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED""",
        after,
        limit,
    )


async def move_due(sql: Connection, identifier: UUID, due: Reckoned, at: datetime) -> Row:
    row = await sql.fetchrow(
        _changed(
            """UPDATE finding SET answer_due_on = $2, answer_due_provisional = $3, version = version + 1,
                updated_at = $4
            WHERE id = $1"""
        ),
        identifier,
        due.date,
        due.provisional,
        at,
    )
    assert row is not None
    return row
