"""All SQL that changes public bodies."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.bodies.domain import Relation
from shared.db.database import Connection

Row = asyncpg.Record

_REORGANISING = 6118840102
"""Reorganisations take turns: each rests on the whole hierarchy."""


async def lock_bodies(sql: Connection) -> None:
    await sql.execute("SELECT pg_advisory_xact_lock($1)", _REORGANISING)


async def present(sql: Connection) -> Sequence[Row]:
    """Every organisation as it is, with whether it gives services."""
    return await sql.fetch(
        """SELECT id, code, kind, name, parent_id, territory_code, valid_to IS NOT NULL AS ended, state_from,
                  EXISTS (SELECT FROM service WHERE service.body_id = organisation.id) AS with_services
           FROM organisation"""
    )


async def former_codes(sql: Connection) -> dict[str, UUID]:
    rows = await sql.fetch("SELECT code, body_id FROM body_code")
    return {row["code"]: row["body_id"] for row in rows}


async def keep_states(sql: Connection, identifiers: Sequence[UUID], until: date) -> None:
    """Put by the states that end: a state of no day is none."""
    await sql.execute(
        """INSERT INTO body_past (body_id, valid_to, valid_from, code, kind, name, sort_key, territory_code, parent_id)
           SELECT id, $2, state_from, code, kind, name, sort_key, territory_code, parent_id
           FROM organisation WHERE id = ANY($1::uuid[]) AND coalesce(state_from < $2, true)""",
        identifiers,
        until,
    )


async def restate(sql: Connection, bodies: Sequence[Mapping[str, Any]], on: date) -> None:
    """Give many bodies another state in one statement."""
    await sql.execute(
        """UPDATE organisation SET code = body.code, kind = body.kind, name = body.name, sort_key = body.sort_key,
                  parent_id = body.parent_id, territory_code = body.territory_code, state_from = $2,
                  version = version + 1, updated_at = now()
           FROM jsonb_to_recordset($1) AS body (id uuid, code text, kind text, name jsonb, sort_key text, parent_id uuid,
                                                territory_code text)
           WHERE organisation.id = body.id""",
        bodies,
        on,
    )


async def end_bodies(sql: Connection, identifiers: Sequence[UUID], on: date) -> None:
    await sql.execute(
        """UPDATE organisation SET valid_to = $2, active = false, version = version + 1, updated_at = now()
           WHERE id = ANY($1::uuid[])""",
        identifiers,
        on,
    )


async def set_codes(
    sql: Connection, former: Mapping[str, UUID], taken_again: Sequence[str], on: date
) -> None:
    """Keep codes that were given up; forget as former those a body took again."""
    await sql.execute("DELETE FROM body_code WHERE code = ANY($1::text[])", taken_again)
    await sql.execute(
        """INSERT INTO body_code (code, body_id, valid_to)
           SELECT code, body_id, $3 FROM unnest($1::text[], $2::uuid[]) AS former (code, body_id)
           ON CONFLICT DO NOTHING""",
        list(former),
        list(former.values()),
        on,
    )


async def add_reorganisation(
    sql: Connection, reorganisation: Mapping[str, Any], relations: Sequence[Relation]
) -> None:
    names = ("id", "happened_on", "act_id", "origin", "source")
    await sql.execute(
        """INSERT INTO reorganisation (id, happened_on, act_id, origin, source) VALUES ($1, $2, $3, $4, $5)""",
        *(reorganisation[name] for name in names),
    )
    kinds, before, after = zip(*relations, strict=True)
    await sql.execute(
        """INSERT INTO body_relation (reorganisation_id, place, kind, predecessor_id, successor_id)
           SELECT $1, place, kind, predecessor, successor
           FROM unnest($2::text[], $3::uuid[], $4::uuid[]) WITH ORDINALITY
                AS relation (kind, predecessor, successor, place)""",
        reorganisation["id"],
        kinds,
        before,
        after,
    )


async def rows(sql: Connection, identifiers: Sequence[UUID]) -> Sequence[Row]:
    """Whole rows, as they are announced."""
    return await sql.fetch("SELECT * FROM organisation WHERE id = ANY($1::uuid[]) ORDER BY code", identifiers)


async def add_mandate(sql: Connection, mandate: Mapping[str, Any]) -> None:
    names = ("id", "body_id", "text", "act_id", "provision", "valid_from", "valid_to", "origin")
    await sql.execute(
        """INSERT INTO body_mandate (id, body_id, text, act_id, provision, valid_from, valid_to, origin)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *(mandate[name] for name in names),
    )


async def mandate(sql: Connection, body_id: UUID, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        "SELECT id, valid_from, valid_to FROM body_mandate WHERE body_id = $1 AND id = $2",
        body_id,
        identifier,
    )


async def end_mandate(sql: Connection, identifier: UUID, valid_to: date) -> None:
    await sql.execute("UPDATE body_mandate SET valid_to = $2 WHERE id = $1", identifier, valid_to)


async def present_identifier(sql: Connection, body_id: UUID, scheme: str) -> Row | None:
    return await sql.fetchrow(
        """SELECT id, value, valid_from FROM body_identifier
           WHERE body_id = $1 AND scheme = $2 AND valid_to IS NULL""",
        body_id,
        scheme,
    )


async def end_identifier(sql: Connection, identifier: UUID, valid_to: date) -> None:
    await sql.execute("UPDATE body_identifier SET valid_to = $2 WHERE id = $1", identifier, valid_to)


async def add_identifier(sql: Connection, identifier: Mapping[str, Any]) -> bool:
    """False when another body is called by this value."""
    names = ("id", "body_id", "scheme", "value", "valid_from", "origin", "source")
    return bool(
        await sql.fetchval(
            """INSERT INTO body_identifier (id, body_id, scheme, value, valid_from, origin, source)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true""",
            *(identifier[name] for name in names),
        )
    )
