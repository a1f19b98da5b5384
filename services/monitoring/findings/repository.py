"""All SQL of findings. Read by their addressee and by the organisation whose campaign they come from."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_FINDING = """id, number, submission_id, owner_id, addressee_id, campaign, addressee, municipality, service,
    criterion, reason, severity, facts, state, answer_due_on, origin, version, created_at, updated_at"""
_READABLE = "(addressee_id = $1 OR owner_id = $1)"


async def finding(sql: Connection, organisation: UUID, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_FINDING} FROM finding WHERE {_READABLE} AND id = $2", organisation, identifier
    )


async def findings(
    sql: Connection,
    organisation: UUID,
    *,
    state: str | None,
    campaign_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""SELECT {_FINDING} FROM finding WHERE {_READABLE} AND ($2::text IS NULL OR state = $2)
            AND ($3::uuid IS NULL OR campaign_id = $3) AND ($4::uuid IS NULL OR id < $4)
            ORDER BY id DESC LIMIT $5""",
        organisation,
        state,
        campaign_id,
        before,
        limit,
    )


async def of_submission(sql: Connection, submission_id: UUID) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_FINDING} FROM finding WHERE submission_id = $1 ORDER BY number FOR UPDATE", submission_id
    )


async def add(sql: Connection, values: Sequence[object]) -> Row:
    row = await sql.fetchrow(
        f"""INSERT INTO finding (id, submission_id, campaign_id, owner_id, addressee_id, campaign, addressee,
                municipality, service, criterion, reason, severity, facts, state, answer_due_on, origin, version,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14, $15, 1, $16, $16)
            RETURNING {_FINDING}""",
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
    answer_due_on: date,
    at: datetime,
) -> Row:
    """Say anew what was breached; also where the finding had been withdrawn."""
    row = await sql.fetchrow(
        f"""UPDATE finding SET addressee_id = $2, addressee = $3, reason = $4, severity = $5, facts = $6,
                answer_due_on = $7, state = 'open', version = version + 1, updated_at = $8
            WHERE id = $1 RETURNING {_FINDING}""",
        identifier,
        addressee_id,
        addressee,
        reason,
        severity,
        facts,
        answer_due_on,
        at,
    )
    assert row is not None
    return row


async def withdraw(sql: Connection, identifier: UUID, at: datetime) -> Row:
    row = await sql.fetchrow(
        f"""UPDATE finding SET state = 'withdrawn', version = version + 1, updated_at = $2
            WHERE id = $1 RETURNING {_FINDING}""",
        identifier,
        at,
    )
    assert row is not None
    return row
