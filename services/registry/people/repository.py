"""All SQL of persons and erasures."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from shared.contracts.erasure import KindErased
from shared.db.database import Connection

Row = asyncpg.Record

_ERASURE = "id, person_id, own, requested_at, completed_at"


async def add_erasure(
    sql: Connection, identifier: UUID, person: UUID, at: datetime, *, own: bool
) -> Row | None:
    """None when this person is being erased already."""
    return await sql.fetchrow(
        f"""INSERT INTO erasure (id, person_id, own, requested_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (person_id) DO NOTHING RETURNING {_ERASURE}""",
        identifier,
        person,
        own,
        at,
    )


async def erasure_of(sql: Connection, person: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ERASURE} FROM erasure WHERE person_id = $1", person)


async def erasure(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ERASURE} FROM erasure WHERE id = $1", identifier)


async def answers(sql: Connection, identifier: UUID) -> Sequence[Row]:
    return await sql.fetch(
        "SELECT service, completed_at, kinds FROM erasure_answer WHERE erasure_id = $1 ORDER BY service",
        identifier,
    )


async def keep_answer(
    sql: Connection, identifier: UUID, service: str, at: datetime, kinds: Sequence[KindErased]
) -> None:
    """The first answer of a service stays; one to an erasure that is not here is passed over (a restored database)."""
    await sql.execute(
        """INSERT INTO erasure_answer (erasure_id, service, completed_at, kinds)
           SELECT id, $2, $3, $4 FROM erasure WHERE id = $1 ON CONFLICT DO NOTHING""",
        identifier,
        service,
        at,
        [kind.model_dump(mode="json", exclude_none=True) for kind in kinds],
    )


async def complete(sql: Connection, identifier: UUID, services: Sequence[str], at: datetime) -> bool:
    """Whether the last of the services has just answered. Answers to one erasure wait for each other here."""
    await sql.execute("SELECT FROM erasure WHERE id = $1 FOR UPDATE", identifier)
    return bool(
        await sql.fetchval(
            """UPDATE erasure SET completed_at = $3 WHERE id = $1 AND completed_at IS NULL AND NOT EXISTS (
                   SELECT FROM unnest($2::text[]) AS wanted (service) WHERE NOT EXISTS (
                       SELECT FROM erasure_answer AS a WHERE a.erasure_id = $1 AND a.service = wanted.service))
               RETURNING true""",
            identifier,
            list(services),
            at,
        )
    )


async def end_memberships(sql: Connection, person: UUID, today: date) -> Sequence[Row]:
    """`id version organisation_id role` of those that had not ended; they end today, and none is left for a day to come."""
    return await sql.fetch(
        """UPDATE membership SET valid_to = greatest(valid_from, $2), version = version + 1
           WHERE person_id = $1 AND (valid_to IS NULL OR valid_to > greatest(valid_from, $2))
           RETURNING id, version, organisation_id, role""",
        person,
        today,
    )


async def count_memberships(sql: Connection, person: UUID) -> int:
    found: int = await sql.fetchval("SELECT count(*) FROM membership WHERE person_id = $1", person)
    return found


async def count_invitations(sql: Connection, person: UUID) -> int:
    found: int = await sql.fetchval("SELECT count(*) FROM invitation WHERE created_by = $1", person)
    return found


async def delete_identities(sql: Connection, person: UUID) -> int:
    rows = await sql.fetch("DELETE FROM person_identity WHERE person_id = $1 RETURNING issuer", person)
    return len(rows)


async def blank_key_labels(sql: Connection, person: UUID) -> int:
    """Keys are their organisation's and stay; what this person called them does not."""
    rows = await sql.fetch(
        "UPDATE api_key SET label = prefix WHERE created_by = $1 AND label <> prefix RETURNING id", person
    )
    return len(rows)
