"""All SQL of searching. Every list is cut by its sort values, never by an offset."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.ideas_market.ideas.domain import State
from services.ideas_market.ideas.repository import REFERENCES, SUMMARY
from services.ideas_market.search.conditions import Filters, where
from services.ideas_market.search.misspelling import Split
from shared.db.conditions import Where
from shared.db.database import Connection
from shared.search import FORM, Query

Row = asyncpg.Record

SIMILAR = 0.4
"""Threshold of word similarity: the stem of `плащадки` has 0.6 with `площадка`, that of `скважна` 0.6 with
`скважина`; the default of 0.6 is too strict for two slips in a word."""


async def latest(
    sql: Connection, filters: Filters, narrowed: str, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row]:
    """Newest on the market first, with `listed_at`; `narrowed` is a tsquery that only excludes, or empty."""
    listed_at = "i.created_at" if filters.state is State.DRAFT else "i.published_at"
    found = where(filters)
    if narrowed:
        found.add("i.search @@ {}::text::tsquery", narrowed)
    if after is not None:
        found.add(f"({listed_at}, i.id) < ({{}}::timestamptz, {{}}::uuid)", *after)
    return await sql.fetch(
        f"""SELECT {SUMMARY}, {listed_at} AS listed_at FROM idea AS i {REFERENCES}
            WHERE {found} ORDER BY {listed_at} DESC, i.id DESC LIMIT {found.bind(limit)}""",
        *found.values,
    )


async def matching(
    sql: Connection, filters: Filters, query: Query, after: tuple[float, UUID] | None, limit: int
) -> Sequence[Row]:
    """Ideas that satisfy the query, best first; `literal`: with the very letters that were typed."""
    found = where(filters)
    bound = f"{found.bind(query.tsquery)}::text::tsquery"
    found.add(f"i.search @@ {bound}")
    literal = f"i.search @@ {found.bind(query.literal)}::text::tsquery"
    return await _ranked(sql, found, f"ts_rank(i.search, {bound})::float8", after, limit, literal)


async def unknown(sql: Connection, queries: Sequence[str]) -> list[int]:
    """Places of the tsqueries that find nothing on the market, whatever else was asked."""
    found = where(Filters())
    asked = found.bind(queries)
    rows = await sql.fetch(
        f"""SELECT n - 1 AS place FROM unnest({asked}::text[]) WITH ORDINALITY AS asked (query, n)
            WHERE NOT EXISTS (SELECT FROM idea AS i WHERE {found} AND i.search @@ asked.query::tsquery)
            ORDER BY n""",
        *found.values,
    )
    return [row["place"] for row in rows]


async def similar(
    sql: Connection, filters: Filters, words: Split, after: tuple[float, UUID] | None, limit: int
) -> Sequence[Row]:
    """Ideas with a word much like each of the misspelt ones, nearest first, for which the rest holds."""
    found = where(filters)
    if words.certain:
        found.add("i.search @@ {}::text::tsquery", words.certain)
    scores: list[str] = []
    for spellings in words.misspelt:
        bound = [f"{found.bind(spelling)}::text" for spelling in spellings]
        found.add(f"({' OR '.join(f'{word} <% i.search_words' for word in bound)})")
        scores.append(f"greatest({', '.join(f'word_similarity({word}, i.search_words)' for word in bound)})")
    score = f"({' + '.join(scores)})::float8 / {len(scores)}"
    async with sql.transaction(readonly=True):
        await sql.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {SIMILAR}")
        return await _ranked(sql, found, score, after, limit)


async def outdated(sql: Connection, limit: int) -> Sequence[Row]:
    """Ideas indexed under an earlier form of the search, and those on the market that are searched under names of
    municipality or organisation which are not the present ones: locked, with the present `names`. One that is not
    known just now keeps the name it had."""
    return await sql.fetch(
        f"""SELECT i.id, i.code, i.title, i.summary, i.proposal, present.names
            FROM idea AS i {REFERENCES} CROSS JOIN LATERAL (
                SELECT jsonb_build_array(coalesce(t.name, i.search_names -> 0),
                                         coalesce(o.name, i.search_names -> 1)) AS names) AS present
            WHERE i.search_form < {FORM}
               OR i.published_at IS NOT NULL AND i.search_names IS DISTINCT FROM present.names
            ORDER BY i.id LIMIT $1 FOR UPDATE OF i SKIP LOCKED""",
        limit,
    )


async def index(sql: Connection, identifier: UUID, names: Sequence[object], vector: str, words: str) -> None:
    """Nothing of the idea itself changes, so its version stays."""
    await sql.execute(
        f"""UPDATE idea SET search_names = $2, search = $3::text::tsvector, search_words = $4, search_form = {FORM}
            WHERE id = $1""",
        identifier,
        names,
        vector,
        words,
    )


async def _ranked(
    sql: Connection,
    found: Where,
    score: str,
    after: tuple[float, UUID] | None,
    limit: int,
    literal: str = "false",
) -> Sequence[Row]:
    """The score depends on the idea and the query alone, so it cuts pages as well as a stored value."""
    cut = (
        f"WHERE (score, id) < ({found.bind(after[0])}::float8, {found.bind(after[1])}::uuid)" if after else ""
    )
    return await sql.fetch(
        f"""WITH hit AS (
                SELECT id, score FROM (SELECT i.id, {score} AS score FROM idea AS i WHERE {found}) AS scored
                {cut} ORDER BY score DESC, id DESC LIMIT {found.bind(limit)})
            SELECT {SUMMARY}, hit.score, {literal} AS literal FROM hit JOIN idea AS i USING (id) {REFERENCES}
            ORDER BY hit.score DESC, i.id DESC""",
        *found.values,
    )
