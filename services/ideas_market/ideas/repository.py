"""All SQL of ideas. Rows are public once published; before that they belong to their organisation alone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from services.ideas_market.ideas.domain import State
from shared.auth.principal import Acting
from shared.db.database import Connection
from shared.search import FORM

Row = asyncpg.Record

SUMMARY = """i.id, i.code, i.title, i.summary, i.sector, i.indicator, i.state, i.origin, i.published_at, i.version,
    i.organisation_id,
    jsonb_strip_nulls(jsonb_build_object('id', i.organisation_id, 'code', o.code, 'name', o.name)) AS organisation,
    CASE WHEN t.id IS NOT NULL
        THEN jsonb_build_object('id', t.id, 'code', t.code, 'name', t.name, 'path', t.path)
        WHEN i.municipality_code IS NOT NULL
        THEN coalesce(i.place, jsonb_build_object('code', i.municipality_code)) END AS municipality,
    CASE WHEN i.currency IS NOT NULL THEN jsonb_build_object(
        'budget', jsonb_build_object('amount', i.budget_amount::text, 'currency', i.currency),
        'own_contribution', jsonb_build_object('amount', i.own_amount::text, 'currency', i.currency),
        'requested', jsonb_build_object('amount', i.requested_amount::text, 'currency', i.currency))
    END AS totals"""
"""Columns of `idea AS i` joined with `REFERENCES`; what the registry has not told yet is left out."""
REFERENCES = """LEFT JOIN organisation AS o ON o.id = i.organisation_id
    LEFT JOIN LATERAL (SELECT id, code, name, path FROM territory WHERE code = i.municipality_code
                       ORDER BY version DESC, id LIMIT 1) AS t ON true"""
_WHOLE = f"SELECT {SUMMARY}, i.proposal, i.created_at, i.updated_at FROM idea AS i {REFERENCES}"


async def visible(sql: Connection, identifier: UUID, organisation: Acting | None) -> Row | None:
    """The idea, if everybody or this organisation may see it."""
    return await sql.fetchrow(
        f"{_WHOLE} WHERE i.id = $1 AND (i.published_at IS NOT NULL OR i.organisation_id = $2)",
        identifier,
        organisation,
    )


async def lock_own(sql: Connection, owner: Acting, identifier: UUID) -> Row | None:
    """Others' ideas are not there for an author, published or not."""
    return await sql.fetchrow(
        f"{_WHOLE} WHERE i.organisation_id = $1 AND i.id = $2 FOR UPDATE OF i", owner, identifier
    )


async def lock(sql: Connection, identifier: UUID) -> Row | None:
    """The idea whoever may see it; nobody changes it until this transaction ends."""
    return await sql.fetchrow(f"{_WHOLE} WHERE i.id = $1 FOR UPDATE OF i", identifier)


async def next_number(sql: Connection, year: int) -> int:
    """1, 2, 3 … of a year without gaps: a number is taken when this transaction commits."""
    number: int = await sql.fetchval(
        """INSERT INTO idea_number AS n (year, last) VALUES ($1, 1)
           ON CONFLICT (year) DO UPDATE SET last = n.last + 1 RETURNING last""",
        year,
    )
    return number


# `search` travels as text: the driver has no codec for tsvector.
_CONTENT = {
    "title": "jsonb",
    "summary": "jsonb",
    "sector": "text",
    "municipality_code": "text",
    "indicator_code": "text",
    "indicator": "jsonb",
    "proposal": "jsonb",
    "currency": "text",
    "budget_amount": "numeric",
    "own_amount": "numeric",
    "requested_amount": "numeric",
    "origin": "text",
    "search": "text",
    "search_words": "text",
}


def _placeholders(first: int) -> list[str]:
    return [
        f"${n}::{kind}" + ("::tsvector" if name == "search" else "")
        for n, (name, kind) in enumerate(_CONTENT.items(), first)
    ]


_ADD = f"""INSERT INTO idea (id, code, organisation_id, search_form, {", ".join(_CONTENT)})
    VALUES ($1, $2, $3, {FORM}, {", ".join(_placeholders(4))})"""
_CHANGE = f"""UPDATE idea SET ({", ".join(_CONTENT)}) = ROW ({", ".join(_placeholders(2))}),
    search_form = {FORM}, version = version + 1, updated_at = now() WHERE id = $1"""


async def add(
    sql: Connection, identifier: UUID, code: str, organisation: Acting, content: Mapping[str, Any]
) -> None:
    """`content` has every column of `_CONTENT`."""
    await sql.execute(_ADD, identifier, code, organisation, *(content[name] for name in _CONTENT))


async def change(sql: Connection, identifier: UUID, content: Mapping[str, Any]) -> None:
    await sql.execute(_CHANGE, identifier, *(content[name] for name in _CONTENT))


async def publish(sql: Connection, identifier: UUID, fixed: Mapping[str, Any]) -> None:
    """`fixed` is what publication settles: `place indicator search search_words search_names published_at`."""
    await sql.execute(
        f"""UPDATE idea SET state = $2, place = $3, indicator = $4, search = $5::text::tsvector,
                search_words = $6, search_names = $7, published_at = $8, search_form = {FORM},
                version = version + 1, updated_at = now()
            WHERE id = $1""",
        identifier,
        State.PUBLISHED,
        fixed["place"],
        fixed["indicator"],
        fixed["search"],
        fixed["search_words"],
        fixed["search_names"],
        fixed["published_at"],
    )


async def set_state(sql: Connection, identifier: UUID, state: State) -> None:
    await sql.execute(
        "UPDATE idea SET state = $2, version = version + 1, updated_at = now() WHERE id = $1",
        identifier,
        state,
    )
