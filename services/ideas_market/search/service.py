"""The search: words first, misspellings only when the words lead nowhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.ideas_market.search import repository
from services.ideas_market.search.conditions import Filters
from services.ideas_market.search.repository import Row
from services.ideas_market.search.schemas import IdeaFound, Match
from shared.db.database import Connection
from shared.http.pages import PageQuery, cut
from shared.search import Query, parse_query

MOST_WORDS = 16
"""Words of one query that are compared with misspellings."""

Found = tuple[list[IdeaFound], str | None]
"""The ideas of a page, and the cursor of the next."""


async def search(sql: Connection, text: str | None, filters: Filters, page: PageQuery) -> Found:
    """Best first; without words to look for, newest first. Raises Invalid for a foreign cursor."""
    query = parse_query(text or "")
    if query.is_empty:
        return await _latest(sql, query, filters, page)
    after = page.values(Match, float, UUID)
    match, place = (after[0], after[1:]) if after else (Match.EXACT, None)
    rows: Sequence[Row] = []
    if match is Match.EXACT:
        rows = await repository.matching(sql, filters, query.tsquery, place, page.limit + 1)
    if match is Match.EXACT and not rows and not await _known(sql, query, first=place is None):
        match = Match.TYPO
    if match is Match.TYPO:
        rows = await _similar(sql, query, filters, place, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (match, row["score"], row["id"]))
    return [IdeaFound.model_validate({**dict(row), "match": match}) for row in found], cursor


async def _latest(sql: Connection, query: Query, filters: Filters, page: PageQuery) -> Found:
    after = page.values(datetime.fromisoformat, UUID)
    rows = await repository.latest(sql, filters, query.tsquery, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["listed_at"], row["id"]))
    return [IdeaFound.model_validate(dict(row)) for row in found], cursor


async def _known(sql: Connection, query: Query, *, first: bool) -> bool:
    """Words that find something elsewhere are spelt right: then an empty list is the answer."""
    return not first or await repository.anything_matches(sql, query.tsquery)


async def _similar(
    sql: Connection, query: Query, filters: Filters, after: tuple[float, UUID] | None, limit: int
) -> Sequence[Row]:
    words = list(dict.fromkeys(query.trigram_key.split()))[:MOST_WORDS]
    excluded = " & ".join(term.tsquery for term in query.terms if term.excluded)
    return await repository.similar(sql, filters, words, excluded, after, limit)
