from uuid import uuid4

import pytest

from tests.ideas_market.world import COUNTRY, KARA_SUU, OSH, OSH_REGION, line, published, reserved
from tests.kit.service import RunningService


async def codes(market: RunningService, **parameters: str) -> set[str]:
    found = await market.client.get("/v1/ideas", params=parameters)
    assert found.status_code == 200, found.text
    return {item["code"][-4:] for item in found.json()["items"]}


def budget(amount: str, currency: str = "KGS") -> dict[str, object]:
    found = line("x", "1", amount, amount)
    found["unit_cost"]["currency"] = found["amount"]["currency"] = currency
    return {"budget_lines": [found], "own_contribution": [], "stated_totals": None}


@pytest.fixture
async def shelf(market: RunningService) -> RunningService:
    await published(market, sector="roads", municipality_code=OSH, **budget("1000"))
    await published(market, sector="water", municipality_code=OSH, indicator=None, **budget("2000"))
    await published(market, sector="water", municipality_code=KARA_SUU, indicator=None, **budget("3000"))
    await published(market, sector="water", municipality_code=KARA_SUU, indicator=None, **budget("10", "USD"))
    return market


async def test_each_filter_and_all_together(shelf: RunningService) -> None:
    assert await codes(shelf) == {"0001", "0002", "0003", "0004"}
    assert await codes(shelf, sector="water") == {"0002", "0003", "0004"}
    assert await codes(shelf, municipality=OSH) == {"0001", "0002"}
    assert await codes(shelf, municipality=OSH_REGION) == set()
    assert await codes(shelf, within=OSH_REGION) == {"0003", "0004"}
    assert await codes(shelf, within=COUNTRY) == {"0001", "0002", "0003", "0004"}
    assert await codes(shelf, within="99999") == set()
    assert await codes(shelf, indicator="ACO3") == {"0001"}
    assert await codes(shelf, max_requested="2000") == {"0001", "0002"}
    assert await codes(shelf, max_requested="1999.99") == {"0001"}
    assert await codes(shelf, max_requested="10", currency="USD") == {"0004"}
    assert await codes(shelf, sector="water", within=COUNTRY, max_requested="2500", q="мектептер") == {"0002"}
    assert await codes(shelf, sector="roads", within=OSH_REGION) == set()


async def test_states(shelf: RunningService) -> None:
    idea = (await shelf.client.get("/v1/ideas?sector=roads")).json()["items"][0]
    assert (await reserved(shelf, idea["id"], pledge="1000")).status_code == 201
    assert await codes(shelf, state="reserved") == {"0001"}
    assert await codes(shelf, state="published") == {"0002", "0003", "0004"}
    assert len(await codes(shelf)) == 4, "what is reserved can still be found"
    assert await codes(shelf, state="done") == set()


async def test_bad_filters_are_named(market: RunningService) -> None:
    bad = {
        "state": "lost",
        "max_requested": "NaN",
        "currency": "som",
        "sector": "a b",
        "within": "'",
        "limit": "0",
        "cursor": "x",
    }
    for name, value in bad.items():
        found = await market.client.get("/v1/ideas", params={name: value})
        assert found.status_code == 422, name
        assert found.json()["errors"][0]["pointer"] == f"/query/{name}"
    assert (await market.client.get("/v1/ideas", params={"max_requested": "-1"})).status_code == 422


async def test_drafts_of_an_organisation_nobody_acts_for(market: RunningService) -> None:
    stranger = market.headers(org=uuid4())
    assert (await market.client.get("/v1/ideas?state=draft", headers=stranger)).json()["items"] == []
