"""Territorial units: the tree, its filters, additions and corrections."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.territories.domain import (
    TerritoryKind,
    UnknownParent,
    may_stand,
    missing_languages,
    paths,
)
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, events, every_page, pointers

COUNTRY = {
    "code": "41700000000000",
    "kind": "country",
    "name": {"ru": "Кыргызская Республика"},
    "edition": "test",
    "origin": "demonstration",
    "source": "test",
}
OSH = "41721000000000"


def unit(code: str, parent: str | None = "41700000000000", **changes: object) -> dict[str, object]:
    return COUNTRY | {"code": code, "kind": "raion", "parent_code": parent} | changes


@given(st.lists(st.integers(0, 9), max_size=10))
def test_a_path_is_the_parents_path_and_the_unit(parents):
    units: list[tuple[str, str | None]] = [("0", None)]
    units += [(str(place), str(min(parent, place - 1))) for place, parent in enumerate(parents, 1)]
    found = paths(units, {})
    for code, parent in units:
        assert found[code] == (*found.get(parent, ()), code) if parent else found[code] == (code,)


def test_a_parent_nobody_recorded_is_an_error():
    with pytest.raises(UnknownParent):
        paths([("b", "a")], {})
    assert paths([("b", "a")], {"a": ["a"]}) == {"b": ("a", "b")}


def test_a_language_counts_with_its_scripts():
    assert missing_languages({"ru": "А"}) == ("ky",)
    assert missing_languages({"ky-Cyrl": "А", "ru": "А"}) == ()


async def test_a_unit_is_recorded_with_its_path_and_announced(registry: RunningService):
    headers = registry.headers(*PLATFORM)
    assert (await registry.client.post("/v1/territories", json=COUNTRY, headers=headers)).status_code == 201
    place = {"latitude": 40.5, "longitude": 72.8, "source": "GeoNames"}
    made = await registry.client.post(
        "/v1/territories", json=unit("X-1", kind="oblast_city", coordinates=place), headers=headers
    )
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "territories/X-1"
    view = made.json()
    assert view["path"] == ["41700000000000", "X-1"]
    assert (view["municipality"], view["missing"], view["latitude"]) == (True, ["ky"], 40.5)
    event = (await events(registry, "territory.changed"))[-1]
    assert event["id"] == str(seed_id("territory", "X-1"))
    assert (event["path"], event["municipality"], event["latitude"]) == (view["path"], True, 40.5)
    again = await registry.client.get("/v1/territories/X-1", headers={"If-None-Match": made.headers["etag"]})
    assert again.status_code == 304


async def test_refusals(registry: RunningService):
    headers, client = registry.headers(*PLATFORM), registry.client
    assert (await client.post("/v1/territories", json=COUNTRY)).status_code == 401
    assert (await client.post("/v1/territories", json=COUNTRY, headers=registry.headers())).status_code == 403
    orphan = await client.post("/v1/territories", json=unit("X-1", "nowhere"), headers=headers)
    assert pointers(orphan) == {"/parent_code": "unknown_territory"}
    await client.post("/v1/territories", json=COUNTRY, headers=headers)
    twice = await client.post("/v1/territories", json=COUNTRY, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "territory_exists")
    for changes, pointer in (
        ({"coordinates": {"latitude": 91, "longitude": 1, "source": "x"}}, "/coordinates/latitude"),
        ({"coordinates": {"latitude": 1}}, "/coordinates/longitude"),
        ({"kind": "planet"}, "/kind"),
        ({"code": "a b"}, "/code"),
        ({"name": {"xx-": "a"}}, "/name/xx-"),
    ):
        refused = await client.post("/v1/territories", json=unit("X-2") | changes, headers=headers)
        assert refused.status_code == 422
        assert pointer in pointers(refused)
    assert (await client.get("/v1/territories/X-2")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "parent", "pointer", "code"),
    [
        ("oblast", "V-1", "/parent_code", "misplaced"),
        ("raion", "R-1", "/parent_code", "misplaced"),
        ("country", "R-1", "/parent_code", "misplaced"),
        ("country", None, "/kind", "second_country"),
        ("village", None, "/parent_code", "misplaced"),
        ("aiyl_aimak", "C-1", "/parent_code", "misplaced"),
        ("aiyl_aimak", "R-1", None, None),
        ("village", "C-1", None, None),
        ("pgt", "C-1", None, None),
    ],
)
async def test_a_unit_stands_where_its_kind_can(
    registry: RunningService, kind: str, parent: str | None, pointer: str | None, code: str | None
):
    headers, client = registry.headers(*PLATFORM), registry.client
    known = (COUNTRY, unit("R-1"), unit("C-1", kind="republican_city"), unit("V-1", "R-1", kind="village"))
    for one in known:
        assert (await client.post("/v1/territories", json=one, headers=headers)).status_code == 201
    answer = await client.post("/v1/territories", json=unit("X-1", parent, kind=kind), headers=headers)
    assert answer.status_code == (422 if pointer else 201), answer.text
    if pointer:
        assert pointers(answer)[pointer] == code
    assert (await client.get("/v1/territories/X-1")).status_code == (404 if pointer else 200)


@given(st.sampled_from(TerritoryKind), st.sampled_from(TerritoryKind), st.sampled_from(TerritoryKind))
def test_no_chain_of_units_comes_back_to_its_kind(
    low: TerritoryKind, middle: TerritoryKind, high: TerritoryKind
):
    if may_stand(low, middle) and may_stand(middle, high):
        assert len({low, middle, high}) == 3
    assert not may_stand(low, low)


async def test_a_correction_needs_the_version_that_was_read(registry: RunningService):
    headers, client = registry.headers(*PLATFORM), registry.client
    await client.post("/v1/territories", json=COUNTRY, headers=headers)
    url, change = (
        "/v1/territories/41700000000000",
        {"name": {"ky": "Кыргыз Республикасы", "ru": "Кыргызская Республика"}},
    )
    assert (await client.patch(url, json=change, headers=headers)).status_code == 428
    answers = await asyncio.gather(
        *(client.patch(url, json=change, headers=headers | {"If-Match": '"1"'}) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    corrected = (await client.get(url)).json()
    assert (corrected["missing"], corrected["edition"], corrected["version"]) == ([], "test", 2)
    assert (await events(registry, "territory.changed"))[-1]["aggregate_version"] == 2
    assert (
        await client.patch("/v1/territories/X-9", json=change, headers=headers | {"If-Match": '"1"'})
    ).status_code == 404


async def test_filters_and_pages(seeded: RunningService):
    units = await every_page(seeded, "/v1/territories", limit=200)
    chui = "41708000000000"
    checks = [
        ({"kind": "raion"}, lambda one: one["kind"] == "raion"),
        ({"municipality": True}, lambda one: one["municipality"]),
        ({"parent": OSH}, lambda one: one.get("parent_code") == OSH),
        ({"within": chui}, lambda one: chui in one["path"]),
        (
            {"within": chui, "municipality": True, "missing": "ky"},
            lambda one: chui in one["path"] and one["municipality"] and "ky" in one["missing"],
        ),
    ]
    for query, belongs in checks:
        found = await every_page(seeded, "/v1/territories", limit=150, **query)
        assert found == [one for one in units if belongs(one)], query
        assert found


async def test_names_are_sorted_as_readers_expect(seeded: RunningService):
    oblasts = [one["name"]["ky"] for one in await every_page(seeded, "/v1/territories", kind="oblast")]
    assert oblasts == [
        "Баткен облусу",
        "Жалал-Абад облусу",
        "Нарын облусу",
        "Ош облусу",
        "Талас облусу",
        "Чүй облусу",
        "Ысык-Көл облусу",
    ]


async def test_a_correction_of_nothing_is_no_version(registry: RunningService):
    headers, client = registry.headers(*PLATFORM), registry.client
    await client.post("/v1/territories", json=COUNTRY, headers=headers)
    answer = await client.patch(
        "/v1/territories/41700000000000", json={}, headers=headers | {"If-Match": '"1"'}
    )
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert len(await events(registry, "territory.changed")) == 1
