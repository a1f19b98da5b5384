"""The search stands on its indexes, whatever is asked and however often the statement was prepared."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

from services.ideas_market.search import repository
from services.ideas_market.search.conditions import Filters
from services.ideas_market.search.misspelling import Split
from shared.db.database import Connection
from shared.search import parse_query
from tests.ideas_market.search.crowd import START, fill
from tests.ideas_market.world import OSH, OSH_REGION
from tests.kit.service import RunningService

Run = Callable[[Any], Awaitable[Any]]


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


async def explained(market: RunningService, mode: str, run: Run) -> Explaining:
    async with market.database.pool.acquire() as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        plan = Explaining(connection)
        await run(plan)
        await connection.execute("RESET plan_cache_mode")
    assert "idea" not in plan.scanned
    return plan


async def test_thousands_of_ideas(market: RunningService) -> None:
    await fill(market, 3_000)
    query = parse_query("мектептерге")
    near = Split("", (("мектпеп",),))
    everything = Filters(
        sector="water", municipality=OSH, within=OSH_REGION, indicator="ACO3", max_requested=Decimal(500)
    )
    for mode in ("force_custom_plan", "force_generic_plan"):
        for filters, after in product((Filters(), everything), (None, (0.5, UUID(int=0)))):
            plan = await explained(
                market,
                mode,
                lambda sql: repository.matching(sql, filters, query, after, 51),  # noqa: B023
            )
            assert "ix_idea_search" in plan.indexes
        plan = await explained(
            market, mode, lambda sql: repository.latest(sql, Filters(), "", (START, UUID(int=0)), 51)
        )
        assert "ix_idea_published_at" in plan.indexes
        plan = await explained(market, mode, lambda sql: repository.similar(sql, Filters(), near, None, 51))
        assert "ix_idea_search_words" in plan.indexes
        plan = await explained(market, mode, lambda sql: repository.unknown(sql, [query.tsquery]))
        assert "ix_idea_search" in plan.indexes
    await finds_what_it_should(market)


async def finds_what_it_should(market: RunningService) -> None:
    found = (await market.client.get("/v1/ideas?q=мектептерге&limit=200")).json()["items"]
    assert len(found) == 60
    in_title = [len(item["title"]["ky"].split()) == 7 for item in found]
    assert in_title == sorted(in_title, reverse=True), "titles come first"
    near = (await market.client.get("/v1/ideas?q=мектпеп&limit=200")).json()["items"]
    assert {item["match"] for item in near} == {"typo"}
    assert len(near) == 60
