"""All SQL of published pages."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

PAGE = "SELECT body, etag FROM published_service WHERE service_id = $1 AND valid @> $2::date"
"""The page of a service ($1) on a day ($2); the hot read runs the same."""


async def page(sql: Connection, service_id: UUID, on: date) -> Row | None:
    return await sql.fetchrow(PAGE, service_id, on)


async def replace(
    sql: Connection, service_id: UUID, pages: Sequence[tuple[date | None, date | None, bytes, str]]
) -> None:
    """The pages of a service from now on: (first day, first day no longer, body, etag)."""
    await sql.execute("DELETE FROM published_service WHERE service_id = $1", service_id)
    if not pages:
        return
    starts, ends, bodies, etags = zip(*pages, strict=True)
    await sql.execute(
        """INSERT INTO published_service (service_id, valid, body, etag)
           SELECT $1, daterange(start, until), body, etag
           FROM unnest($2::date[], $3::date[], $4::bytea[], $5::text[]) AS page (start, until, body, etag)""",
        service_id,
        starts,
        ends,
        bodies,
        etags,
    )
