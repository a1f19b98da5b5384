"""All SQL of legal acts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = (
    "id, kind, number, date, published_on, in_force_from, retroactive_basis, issuer, title, effect, status, status_note, url, origin, source, version, "
    "created_at"
)


async def act(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM legal_act WHERE id = $1", identifier)


async def same_act(sql: Connection, kind: str, number: str, date: dt.date, issuer_key: str) -> Row | None:
    return await sql.fetchrow(
        f"""SELECT {_COLUMNS} FROM legal_act
            WHERE kind = $1 AND number = $2 AND date = $3 AND issuer_key = $4""",
        kind,
        number,
        date,
        issuer_key,
    )


async def acts(
    sql: Connection,
    kind: str | None,
    status: str | None,
    after: tuple[dt.date, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """Newest first."""
    where = Where()
    where.given("kind = {}", kind)
    where.given("status = {}", status)
    if after is not None:
        where.add("(date, id) < ({}, {})", *after)
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM legal_act WHERE {where}
            ORDER BY date DESC, id DESC LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def add_act(sql: Connection, act: Mapping[str, Any]) -> Row | None:
    """None when this act is recorded already."""
    return await sql.fetchrow(
        f"""INSERT INTO legal_act (id, kind, number, date, issuer, issuer_key, title, effect, status,
                                   status_note, url, origin, source, published_on, in_force_from,
                                   retroactive_basis)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",
        *(
            act[name]
            for name in (
                "id",
                "kind",
                "number",
                "date",
                "issuer",
                "issuer_key",
                "title",
                "effect",
                "status",
                "status_note",
                "url",
                "origin",
                "source",
                "published_on",
                "in_force_from",
                "retroactive_basis",
            )
        ),
    )
