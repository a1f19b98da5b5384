"""Thousands of published ideas, written straight into the table: the search reads them, nobody made them."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.ideas_market.ideas.repository import _CONTENT
from services.ideas_market.search.document import search_columns
from shared.ids import uuid7
from tests.ideas_market.world import AUTHOR, KARA_SUU, OSH
from tests.kit.service import RunningService

SYLLABLES = ("ба", "ко", "рэ", "ли", "ту", "ма", "шо", "ги", "не", "ду", "фа", "зе")
START = datetime(2026, 1, 1, tzinfo=UTC)


VOCABULARY = ["".join(random.Random(n).choices(SYLLABLES, k=4)) for n in range(1_000)]


async def fill(market: RunningService, count: int, *, common: str = "мектеп", every: int = 50) -> None:
    """`count` ideas of made-up words; every so many-th has the common word, in its title or its goal."""
    chance = random.Random(7)
    columns = [*_CONTENT, "id", "code", "organisation_id", "state", "published_at", "place"]
    placeholders = ", ".join(
        f"${n}::text::tsvector" if name == "search" else f"${n}" for n, name in enumerate(columns, 1)
    )
    statement = f"INSERT INTO idea ({', '.join(columns)}) VALUES ({placeholders})"
    rows = [_row(chance, n, common if n % every == 0 else None) for n in range(count)]
    async with market.database.pool.acquire() as connection:
        indexes = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'idea' AND indexdef LIKE '%gin%'"
        )
        for index in indexes:  # filled at once, an index costs a tenth
            await connection.execute(f"DROP INDEX {index['indexname']}")
        await connection.executemany(statement, rows)
        for index in indexes:
            await connection.execute(index["indexdef"])
        await connection.execute("ANALYZE idea; ANALYZE territory")


def _row(chance: random.Random, n: int, common: str | None) -> tuple[object, ...]:
    title, goal = (chance.choices(VOCABULARY, k=length) for length in (6, 25))
    if common:
        (title if n % 4 == 0 else goal).append(common)
    idea = {"title": {"ky": " ".join(title)}, "goal": {"ky": " ".join(goal)}}
    code = f"CROWD-{n}"
    vector, words = search_columns(code, idea)
    amount = Decimal(chance.randint(1, 1000))
    content = {
        "title": idea["title"],
        "summary": {"ky": "x"},
        "sector": chance.choice(["water", "roads", "schools"]),
        "municipality_code": chance.choice([OSH, KARA_SUU]),
        "indicator_code": chance.choice(["ACO1", "ACO3", None]),
        "indicator": None,
        "proposal": {"goal": idea["goal"]},
        "currency": "KGS",
        "budget_amount": amount,
        "own_amount": Decimal(0),
        "requested_amount": amount,
        "origin": "demonstration",
        "search": vector,
        "search_words": words,
    }
    place: dict[str, object] = {
        "id": str(uuid7()),
        "code": content["municipality_code"],
        "name": {},
        "path": [],
    }
    published_at = START + timedelta(minutes=n // 3)  # three share a moment: the id decides between them
    return (*content.values(), uuid7(), code, AUTHOR, "published", published_at, place)
