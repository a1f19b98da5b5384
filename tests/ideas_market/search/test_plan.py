"""The search stands on its indexes, whatever is asked and however often the statement was prepared."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.ideas_market.search import repository
from services.ideas_market.search.conditions import Filters
from services.ideas_market.search.misspelling import Split
from shared.db.database import Connection
from shared.search import parse_query
from tests.ideas_market.search.crowd import START, fill
from tests.ideas_market.world import OSH, OSH_REGION
from tests.kit.service import RunningService


class Explaining:
    """A connection that plans what it is asked to fetch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.nodes: list[dict[str, Any]] = []

    async def fetch(self, sql: str, *values: object) -> list[Any]:
        found = await self._connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values)
        self._walk(found[0]["Plan"])
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _walk(self, node: dict[str, Any]) -> None:
        self.nodes.append(node)
        for child in node.get("Plans", ()):
            self._walk(child)

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def scanned(self) -> set[str]:
        return {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_thousands_of_ideas(market: RunningService, mode: str) -> None:
    await fill(market, 4_000)
    query = parse_query("мектептерге").tsquery
    everything = Filters(
        sector="water", municipality=OSH, within=OSH_REGION, indicator="ACO3", max_requested=Decimal(500)
    )
    async with market.database.pool.acquire() as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        for filters in (Filters(), everything):
            for after in (None, (0.5, UUID(int=0))):
                plan = Explaining(connection)
                await repository.matching(plan, filters, query, after, 51)  # type: ignore[arg-type]
                assert "ix_idea_search" in plan.indexes
                assert "idea" not in plan.scanned
        plan = Explaining(connection)
        await repository.latest(plan, Filters(), "", (START, UUID(int=0)), 51)  # type: ignore[arg-type]
        assert plan.indexes >= {"ix_idea_published_at"}
        assert "idea" not in plan.scanned
        plan = Explaining(connection)
        await repository.similar(plan, Filters(), Split("", (("мектпеп",),)), None, 51)  # type: ignore[arg-type]
        assert "ix_idea_search_words" in plan.indexes
        assert "idea" not in plan.scanned
        await connection.execute("RESET plan_cache_mode")


async def test_finding_a_word_reads_what_it_finds(market: RunningService) -> None:
    await fill(market, 4_000)
    found = await market.client.get("/v1/ideas?q=мектептерге&limit=200")
    assert len(found.json()["items"]) == 80
    in_title = [len(item["title"]["ky"].split()) == 7 for item in found.json()["items"]]
    assert in_title == sorted(in_title, reverse=True), "titles come first"
    near = await market.client.get("/v1/ideas?q=мектпеп&limit=200")
    assert {item["match"] for item in near.json()["items"]} == {"typo"}
    assert len(near.json()["items"]) == 80
