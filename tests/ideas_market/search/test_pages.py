"""Pages are cut by sort values: nothing comes twice, nothing is left out, also while others write."""

import base64
from urllib.parse import urlencode

import orjson
import pytest

from tests.ideas_market.search.crowd import fill
from tests.ideas_market.world import published
from tests.kit.service import RunningService


async def walk(market: RunningService, limit: int, **parameters: str) -> list[dict[str, str]]:
    """All items, following the Link headers."""
    url, seen = f"/v1/ideas?{urlencode({'limit': limit, **parameters})}", []
    while url:
        answer = await market.client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json()["items"]
        assert len(page) <= limit
        seen += page
        link = answer.headers.get("link")
        url = f"/v1/ideas{link[1 : link.index('>')]}" if link else ""
    return seen


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({}, None),
        ({"q": "мектептерге"}, "exact"),
        ({"q": "мектпеп"}, "typo"),
        ({"q": "мектеп", "sector": "water"}, "exact"),
    ],
)
async def test_pages_of_any_size_make_the_same_list(
    market: RunningService, parameters: dict[str, str], match: str | None
) -> None:
    await fill(market, 90, every=2)
    whole = await walk(market, 200, **parameters)
    assert len(whole) > 10
    assert {item.get("match") for item in whole} == {match}
    for limit in (1, 7):
        assert await walk(market, limit, **parameters) == whole
    assert len({item["id"] for item in whole}) == len(whole)


async def test_ranked_pages_stay_as_they_are_while_others_publish(market: RunningService) -> None:
    await fill(market, 60, every=2)
    first = await market.client.get("/v1/ideas?q=мектеп&limit=10")
    expected = [item["id"] for item in await walk(market, 200, q="мектеп")]
    newer = (await published(market, title={"ky": "Мектеп мектеп"})).json()["id"]
    cursor = first.json()["next_cursor"]
    rest = await walk(market, 10, q="мектеп", cursor=cursor)
    seen = [item["id"] for item in [*first.json()["items"], *rest] if item["id"] != newer]
    assert seen == expected


async def test_the_page_after_a_typo_stays_with_the_typo(market: RunningService) -> None:
    """An idea that spells the word just so, published in between, does not change what page two is."""
    await fill(market, 30, every=2)
    first = (await market.client.get("/v1/ideas?q=мектпеп&limit=5")).json()
    await published(market, title={"ky": "мектпеп"})
    second = await market.client.get(
        "/v1/ideas", params={"q": "мектпеп", "limit": 5, "cursor": first["next_cursor"]}
    )
    assert {item["match"] for item in second.json()["items"]} == {"typo"}


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode()


async def test_foreign_cursors_are_refused(market: RunningService) -> None:
    identifier = "01890000-0000-7000-8000-000000000000"
    foreign = [
        ("q=мектеп", cursor_of("2026-01-01T00:00:00+00:00", identifier)),
        ("q=мектеп", cursor_of("near", 0.5, identifier, "")),
        ("q=мектеп", cursor_of("exact", "x", identifier, "")),
        ("q=мектеп", cursor_of("exact", None, identifier, "")),
        ("q=мектеп", cursor_of("typo", 0.5, identifier, "x")),
        ("q=мектеп", cursor_of("typo", 0.5, identifier, "9" * 700)),
        ("", cursor_of("exact", 0.5, identifier)),
    ]
    for query, cursor in foreign:
        found = await market.client.get(f"/v1/ideas?{query}&cursor={cursor}")
        assert found.status_code == 422, (query, found.text)
    odd = [("exact", "nan", ""), ("exact", 1e308, "0"), ("typo", 0.5, ""), ("typo", 0.5, "-1,7,0,0")]
    for match, score, words in odd:
        cursor = cursor_of(match, score, identifier, words)
        found = await market.client.get(f"/v1/ideas?q=мектеп&cursor={cursor}")
        assert found.status_code == 200, found.text
    for moment in ("0001-01-01", "9999-12-31T23:59:59-23:59"):
        found = await market.client.get(f"/v1/ideas?cursor={cursor_of(moment, identifier)}")
        assert found.status_code in {200, 422}, found.text
