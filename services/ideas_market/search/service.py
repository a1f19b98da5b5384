"""The search: words first, misspellings only when the words lead nowhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.ideas_market.search import repository
from services.ideas_market.search.conditions import Filters
from services.ideas_market.search.misspelling import split, suspects
from services.ideas_market.search.repository import Row
from services.ideas_market.search.schemas import IdeaFound, Match
from shared.db.database import Connection
from shared.http.errors import Invalid
from shared.http.pages import PageQuery, cut
from shared.search import Query, parse_query

Found = tuple[list[IdeaFound], str | None]
"""The ideas of a page, and the cursor of the next."""


async def search(sql: Connection, text: str | None, filters: Filters, page: PageQuery) -> Found:
    """Best first; without words to look for, newest first. Raises Invalid for a foreign cursor and for a text with nothing to look for.

    The cursor says which words were taken for misspelt, so that all pages are of one kind."""
    query = _asked(text)
    if query.is_empty:
        return await _latest(sql, query, filters, page)
    match, score, identifier, misspelt = page.values(Match, float, UUID, _numbers) or (None, 0.0, None, ())
    after = (score, identifier) if identifier else None
    rows: Sequence[Row] = []
    if match is not Match.TYPO:
        rows = await repository.matching(sql, filters, query, after, page.limit + 1)
    if match is None and not rows:
        misspelt = await _unknown(sql, query)
    words = split(query, misspelt)
    if words.misspelt:
        rows = await repository.similar(sql, filters, words, after, page.limit + 1)
    how = Match.TYPO if words.misspelt else Match.EXACT
    return _page(rows, page, how, ",".join(map(str, misspelt)))


def _asked(text: str | None) -> Query:
    """Raises Invalid (422) for a text without a letter or digit: it would find everything."""
    query = parse_query(text or "")
    if text is not None and not query.terms:
        raise Invalid.at("/query/q", "There is nothing in it to search for.", "nothing_to_search")
    return query


async def _latest(sql: Connection, query: Query, filters: Filters, page: PageQuery) -> Found:
    after = page.values(datetime.fromisoformat, UUID)
    rows = await repository.latest(sql, filters, query.tsquery, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["listed_at"], row["id"]))
    return [IdeaFound.model_validate(dict(row)) for row in found], cursor


async def _unknown(sql: Connection, query: Query) -> tuple[int, ...]:
    """Words that nothing on the market has. If there is none, nothing is misspelt: the empty list is the answer."""
    asked = suspects(query)
    unknown = await repository.unknown(sql, [query.terms[n].tsquery for n in asked])
    return tuple(asked[n] for n in unknown)


def _page(rows: Sequence[Row], page: PageQuery, how: Match, misspelt: str) -> Found:
    """`how` says which kind all pages are of; of those found by words each says whether it has the very letters."""
    found, cursor = cut(rows, page, lambda row: (how, row["score"], row["id"], misspelt))
    return [IdeaFound.model_validate({**dict(row), "match": _matched(row, how)}) for row in found], cursor


def _matched(row: Row, how: Match) -> Match:
    return Match.LETTERS if how is Match.EXACT and not row["literal"] else how


def _numbers(listed: str) -> tuple[int, ...]:
    return tuple(int(number) for number in str(listed).split(",") if number)
