"""All SQL of access."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access.domain import Administered
from shared.contracts.registry import Overseeing
from shared.db.database import Connection

Row = asyncpg.Record

_ORGANISATION = (
    "id, code, kind, name, sort_key, territory_code, parent_id, active, valid_from, valid_to, state_from, origin, source, "
    "version, created_at, updated_at"
)


async def organisation(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE id = $1", identifier)


async def existing(sql: Connection, identifiers: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the ids that are organisations'."""
    rows = await sql.fetch("SELECT id FROM organisation WHERE id = ANY($1::uuid[])", identifiers)
    return frozenset(row["id"] for row in rows)


async def organisation_by_code(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE code = $1", code)


async def organisations(
    sql: Connection, kind: str | None, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    key, identifier = after or ("", UUID(int=0))
    return await sql.fetch(
        f"""SELECT {_ORGANISATION} FROM organisation
            WHERE ($1::text IS NULL OR kind = $1) AND (sort_key, id) > ($2, $3)
            ORDER BY sort_key, id LIMIT $4""",
        kind,
        key,
        identifier,
        limit,
    )


async def lock_organisation(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE id = $1 FOR UPDATE", identifier
    )


async def ids_of_codes(sql: Connection, codes: Sequence[str]) -> dict[str, UUID]:
    rows = await sql.fetch("SELECT code, id FROM organisation WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["id"] for row in rows}


async def add_organisations(sql: Connection, organisations: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Adds many in one statement; returns those that were not there."""
    return await sql.fetch(
        f"""INSERT INTO organisation (id, code, kind, name, sort_key, territory_code, parent_id, origin, source, valid_from,
                                      state_from)
            SELECT id, code, kind, name, sort_key, territory_code, parent_id, origin, source, valid_from, valid_from
            FROM jsonb_to_recordset($1) AS organisation (
                id uuid, code text, kind text, name jsonb, sort_key text, territory_code text, parent_id uuid,
                origin text, source text, valid_from date)
            WHERE NOT EXISTS (SELECT FROM body_code WHERE body_code.code = organisation.code)
            ON CONFLICT DO NOTHING RETURNING {_ORGANISATION}""",
        organisations,
    )


async def rename_organisation(
    sql: Connection, identifier: UUID, name: dict[str, str], sort_key: str
) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE organisation SET name = $2, sort_key = $3, version = version + 1, updated_at = now()
            WHERE id = $1 RETURNING {_ORGANISATION}""",
        identifier,
        name,
        sort_key,
    )


async def count_change(sql: Connection, identifier: UUID) -> Row:
    """A new version of the organisation, whose row stays locked: of two changes the second tells of both."""
    row = await sql.fetchrow(
        f"""UPDATE organisation SET version = version + 1, updated_at = now()
            WHERE id = $1 RETURNING {_ORGANISATION}""",
        identifier,
    )
    assert row is not None
    return row


async def overseeing(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, list[Overseeing]]:
    """Days of the role `overseer` by organisation; who holds it stays here."""
    rows = await sql.fetch(
        """SELECT organisation_id, valid_from, max(coalesce(valid_to, 'infinity')) AS valid_to,
               bool_or(valid_to IS NULL) AS open
           FROM membership
           WHERE organisation_id = ANY($1::uuid[]) AND role = 'overseer'
           GROUP BY organisation_id, valid_from ORDER BY organisation_id, valid_from""",
        identifiers,
    )
    found: dict[UUID, list[Overseeing]] = {}
    for row in rows:
        days = Overseeing(valid_from=row["valid_from"], valid_to=None if row["open"] else row["valid_to"])
        found.setdefault(row["organisation_id"], []).append(days)
    return found


async def add_person(sql: Connection, identifier: UUID) -> None:
    await sql.execute("INSERT INTO person (id) VALUES ($1) ON CONFLICT DO NOTHING", identifier)


async def person_exists(sql: Connection, identifier: UUID) -> bool:
    return bool(await sql.fetchval("SELECT EXISTS (SELECT FROM person WHERE id = $1)", identifier))


_MEMBERSHIP = "id, person_id, organisation_id, role, valid_from, valid_to, granted_by, version"


async def memberships_of_person(sql: Connection, person_id: UUID, organisation_id: UUID) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_MEMBERSHIP} FROM membership WHERE person_id = $1 AND organisation_id = $2",
        person_id,
        organisation_id,
    )


async def memberships_of_organisation(
    sql: Connection, scope: Administered, after: UUID | None, limit: int
) -> Sequence[Row]:
    return await sql.fetch(
        f"""SELECT {_MEMBERSHIP} FROM membership WHERE organisation_id = $1 AND id > $2
            ORDER BY id LIMIT $3""",
        scope.organisation_id,
        after or UUID(int=0),
        limit,
    )


async def add_membership(sql: Connection, values: Sequence[object]) -> Row | None:
    """None when the person already holds this role there from this day."""
    return await sql.fetchrow(
        f"""INSERT INTO membership (id, person_id, organisation_id, role, valid_from, valid_to, granted_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING {_MEMBERSHIP}""",
        *values,
    )


async def home_of_membership(sql: Connection, identifier: UUID) -> UUID | None:
    """Whose it is, so that its administrator can be asked for."""
    found: UUID | None = await sql.fetchval(
        "SELECT organisation_id FROM membership WHERE id = $1", identifier
    )
    return found


async def lock_membership(sql: Connection, scope: Administered, identifier: UUID) -> Row:
    row = await sql.fetchrow(
        f"SELECT {_MEMBERSHIP} FROM membership WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        scope.organisation_id,
        identifier,
    )
    assert row is not None  # none is ever deleted or moved
    return row


async def end_membership(sql: Connection, identifier: UUID, valid_to: object) -> Row | None:
    return await sql.fetchrow(
        f"UPDATE membership SET valid_to = $2, version = version + 1 WHERE id = $1 RETURNING {_MEMBERSHIP}",
        identifier,
        valid_to,
    )


_KEY = """id, prefix, kind, label, organisation_id, roles, created_by, created_at, expires_at, revoked_at,
last_used_at"""
# Whether who made a key may still give rights where it stands; $2: the day.
_STILL_GIVES = """EXISTS (
    SELECT FROM membership WHERE person_id = made.created_by AND valid_from <= $2
    AND (valid_to IS NULL OR valid_to > $2)
    AND (role = 'platform' OR role = 'administrator' AND organisation_id = made.organisation_id))"""


async def key_by_prefix(sql: Connection, prefix: str) -> Row | None:
    return await sql.fetchrow(
        f"""SELECT {_KEY}, secret_hash,
                (SELECT kind FROM organisation WHERE id = organisation_id) AS organisation_kind
            FROM api_key WHERE prefix = $1""",
        prefix,
    )


async def keys_of_organisation(
    sql: Connection, scope: Administered, after: UUID | None, limit: int
) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_KEY} FROM api_key WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        scope.organisation_id,
        after or UUID(int=0),
        limit,
    )


async def add_key(sql: Connection, values: Sequence[object]) -> Row | None:
    return await sql.fetchrow(
        f"""INSERT INTO api_key
                (id, prefix, secret_hash, kind, label, organisation_id, roles, created_by, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING {_KEY}""",
        *values,
    )


async def home_of_key(sql: Connection, identifier: UUID) -> UUID | None:
    """Whose it is, so that its administrator can be asked for."""
    found: UUID | None = await sql.fetchval("SELECT organisation_id FROM api_key WHERE id = $1", identifier)
    return found


async def lock_key(sql: Connection, scope: Administered, identifier: UUID) -> Row:
    row = await sql.fetchrow(
        f"SELECT {_KEY} FROM api_key WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        scope.organisation_id,
        identifier,
    )
    assert row is not None  # none is ever deleted or moved
    return row


async def revoke_key(sql: Connection, identifier: UUID, at: datetime) -> Row | None:
    return await sql.fetchrow(
        f"UPDATE api_key SET revoked_at = $2 WHERE id = $1 RETURNING {_KEY}", identifier, at
    )


async def revoke_keys_that_give(
    sql: Connection, maker: UUID, roles: Collection[str], on: date, at: datetime
) -> Sequence[Row]:
    """`id` of the keys with one of these roles which this person made, and of those made with them, that are revoked
    now: all but those of organisations where the person may still give rights on that day."""
    return await sql.fetch(
        f"""WITH RECURSIVE line AS (
                SELECT id FROM api_key AS made WHERE created_by = $1 AND roles && $3::text[] AND NOT {_STILL_GIVES}
                UNION
                SELECT api_key.id FROM api_key JOIN line ON created_by = line.id WHERE roles && $3::text[]
            )
            UPDATE api_key SET revoked_at = $4 FROM line
            WHERE api_key.id = line.id AND revoked_at IS NULL RETURNING api_key.id""",
        maker,
        on,
        list(roles),
        at,
    )


async def made_by_the_dismissed(sql: Connection, identifier: UUID, on: date) -> bool:
    """Whether the person who made this key, or the key it was made with, may give rights there no more on that day.

    A key of the operator's, whom the platform began with, rests on nobody."""
    return bool(
        await sql.fetchval(
            f"""WITH RECURSIVE made AS (
                    SELECT created_by, organisation_id FROM api_key WHERE id = $1
                    UNION
                    SELECT api_key.created_by, api_key.organisation_id FROM api_key
                    JOIN made ON api_key.id = made.created_by
                )
                SELECT EXISTS (
                    SELECT FROM made JOIN person ON person.id = made.created_by WHERE NOT {_STILL_GIVES})""",
            identifier,
            on,
        )
    )


async def mark_used(sql: Connection, identifier: UUID) -> None:
    """Sampled: a key used all the time is written once a minute."""
    await sql.execute(
        """UPDATE api_key SET last_used_at = now()
           WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')""",
        identifier,
    )
