"""All SQL of methods."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting
from shared.db.database import Connection

Row = asyncpg.Record

_SUMMARY = "id, code, number, state, name, content_hash, organisation_id, version, created_at, published_at"
_ALL = f"{_SUMMARY}, document"


async def methods(
    sql: Connection, drafts_of: Acting | None, after: tuple[str, int] | None, limit: int
) -> Sequence[Row]:
    """Published versions, and the drafts of one organisation."""
    code, number = after or ("", 0)
    return await sql.fetch(
        f"""SELECT {_SUMMARY} FROM method
            WHERE (code, number) > ($2, $3) AND (state = 'published' OR organisation_id = $1)
            ORDER BY code, number LIMIT $4""",
        drafts_of,
        code,
        number,
        limit,
    )


async def version(sql: Connection, code: str, number: int, drafts_of: Acting | None) -> Row | None:
    return await sql.fetchrow(
        f"""SELECT {_ALL} FROM method
            WHERE code = $1 AND number = $2 AND (state = 'published' OR organisation_id = $3)""",
        code,
        number,
        drafts_of,
    )


async def published(sql: Connection, code: str, number: int | None) -> Row | None:
    """This published version, or the latest one."""
    return await sql.fetchrow(
        f"""SELECT {_ALL} FROM method
            WHERE code = $1 AND state = 'published' AND ($2::int IS NULL OR number = $2)
            ORDER BY number DESC LIMIT 1""",
        code,
        number,
    )


async def published_as(sql: Connection, code: str, content_hash: str) -> bool:
    """Whether some version with this content is published."""
    found: bool = await sql.fetchval(
        "SELECT EXISTS (SELECT FROM method WHERE code = $1 AND content_hash = $2 AND state = 'published')",
        code,
        content_hash,
    )
    return found


async def lock_own(sql: Connection, code: str, number: int, organisation: Acting | None) -> Row | None:
    """For a change by its organisation; the published versions of others are nobody's to change."""
    return await sql.fetchrow(
        f"""SELECT {_ALL} FROM method
            WHERE code = $1 AND number = $2
              AND (organisation_id IS NOT DISTINCT FROM $3 OR state = 'published')
            FOR UPDATE""",
        code,
        number,
        organisation,
    )


async def add_draft(
    sql: Connection,
    identifier: UUID,
    code: str,
    name: Mapping[str, str],
    document: Mapping[str, Any],
    content_hash: str,
    organisation: Acting | None,
) -> Row | None:
    """The next version of `code`. None when another draft took its number at the same moment."""
    return await sql.fetchrow(
        f"""INSERT INTO method (id, code, number, state, name, document, content_hash, organisation_id)
            SELECT $1, $2::text, coalesce(max(number), 0) + 1, 'draft', $3, $4, $5, $6
            FROM method WHERE code = $2::text
            ON CONFLICT DO NOTHING RETURNING {_ALL}""",
        identifier,
        code,
        name,
        document,
        content_hash,
        organisation,
    )


async def change_draft(
    sql: Connection,
    identifier: UUID,
    name: Mapping[str, str],
    document: Mapping[str, Any],
    content_hash: str,
) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE method SET name = $2, document = $3, content_hash = $4, version = version + 1
            WHERE id = $1 RETURNING {_ALL}""",
        identifier,
        name,
        document,
        content_hash,
    )


async def publish(sql: Connection, identifier: UUID, at: object) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE method SET state = 'published', published_at = $2, version = version + 1
            WHERE id = $1 RETURNING {_ALL}""",
        identifier,
        at,
    )
