"""SQL of lists over all standards: versions in force on a day that somebody has to look at."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_ENTRY = """
    SELECT standard.id AS standard_id, version.number, version.review_on, version.stale, validity.valid_from,
           service.id AS service_id, service.code AS service_code, service.name AS service_name,
           body.id AS body_id, body.code AS body_code, body.name AS body_name
    FROM standard_version AS version
    JOIN standard_validity AS validity ON validity.version_id = version.id AND upper_inf(validity.recorded)
    JOIN standard ON standard.id = version.standard_id
    JOIN service ON service.id = standard.service_id JOIN organisation AS body ON body.id = standard.body_id
"""


async def overdue(
    sql: Connection, on: date, body: str | None, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Row]:
    """In force on a day, and to be reviewed by then; the longest overdue first."""
    where = Where()
    where.add("version.review_on <= {}::date AND validity.valid @> {}::date", on, on)
    where.given("body.code = {}", body)
    if after is not None:
        where.add("(version.review_on, standard.id) > ({}, {})", *after)
    return await sql.fetch(
        f"{_ENTRY} WHERE {where} ORDER BY version.review_on, standard.id LIMIT {where.bind(limit)}",
        *where.values,
    )


async def stale(sql: Connection, on: date, body: str | None, after: UUID | None, limit: int) -> Sequence[Row]:
    """In force on a day, with a text that was changed in one language only; by the standard's id."""
    where = Where()
    where.add("version.stale <> '{{}}' AND validity.valid @> {}::date", on)
    where.given("body.code = {}", body)
    where.given("standard.id > {}::uuid", after)
    return await sql.fetch(
        f"{_ENTRY} WHERE {where} ORDER BY standard.id LIMIT {where.bind(limit)}", *where.values
    )
