"""The nearest points: in order, page by page, without false distances, and as quick for many as for few."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.registry.service_points import nearby_repository
from services.registry.service_points.domain import unit_vector
from services.registry.service_points.nearby import MOST_LOOKED_AT
from services.registry.service_points.nearby_repository import Group
from services.registry.service_points.repository import PointFilter
from shared.clock import local_date
from tests.kit.service import RunningService
from tests.registry.conftest import NOON, every_page, pointers
from tests.registry.service_points.conftest import BISHKEK, CITY, RAION, WEEKDAYS, at, point, record
from tests.registry.standards.conftest import Desk

pytestmark = pytest.mark.usefixtures("units")
PATH = "/v1/service-points/nearest"
HERE = {"latitude": BISHKEK[0], "longitude": BISHKEK[1]}


async def test_points_come_by_distance_then_by_area_then_by_name(desk: Desk) -> None:
    for number, (place, changes) in enumerate(
        [
            (at(42.90, 74.57), {}),
            (at(42.88, 74.57, "street"), {}),
            (at(40.50, 72.80), {}),
            (at(42.8746, 74.5698, "settlement"), {}),
            (None, {"territory_code": RAION}),
            (None, {"territory_code": None, "name": {"ru": "Б"}}),
            (None, {"territory_code": None, "name": {"ru": "А"}}),
        ]
    ):
        await record(desk, point(code=f"N-{number}", coordinates=place, **changes))
    found = await every_page(desk.service, PATH, **HERE)
    assert [one["code"] for one in found] == ["N-1", "N-0", "N-2", "N-3", "N-4", "N-6", "N-5"]
    told = [one.get("distance_m") or one["no_distance"] for one in found]
    assert told == [
        601,
        2824,
        pytest.approx(302_000, rel=0.01),
        "settlement_only",
        *["coordinates_unknown"] * 3,
    ]
    for limit in (1, 2, 3, 7):
        assert await every_page(desk.service, PATH, **HERE, limit=limit) == found, limit


async def test_many_at_one_place_are_each_shown_once(desk: Desk) -> None:
    for number in range(7):
        await record(desk, point(code=f"N-{number}", coordinates=at(42.9, 74.6)))
    found = await every_page(desk.service, PATH, **HERE, limit=2)
    assert sorted(one["code"] for one in found) == [f"N-{number}" for number in range(7)]


async def test_over_the_date_line_the_near_side_is_near(desk: Desk) -> None:
    await record(desk, point(code="east", coordinates=at(0, 179.9)))
    await record(desk, point(code="west", coordinates=at(0, -179.8)))
    found = await every_page(desk.service, PATH, latitude=0, longitude=-179.9)
    assert [(one["code"], one["distance_m"]) for one in found] == [("west", 11_120), ("east", 22_239)]


async def test_refusals(registry: RunningService, desk: Desk) -> None:
    for query, pointer in (
        ({"longitude": 1}, "/query/latitude"),
        (HERE | {"latitude": 91}, "/query/latitude"),
        (HERE | {"latitude": "nan"}, "/query/latitude"),
        (HERE | {"accessible": "wings"}, "/query/accessible"),
        (HERE | {"language": "x" * 40}, "/query/language"),
        (HERE | {"cursor": "WyJhIl0"}, "/query/cursor"),
        (HERE | {"cursor": "WzcsMSwiMDAwMDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwIl0"}, "/query/cursor"),
        (
            HERE | {"cursor": "WzAsImEiLCIwMDAwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ"},
            "/query/cursor",
        ),
    ):
        refused = await registry.client.get(PATH, params=query)
        assert refused.status_code == 422, (query, refused.text)
        assert pointer in pointers(refused), query


async def test_open_now_looks_at_a_bounded_number_and_goes_on(desk: Desk, many: None) -> None:
    """The only open point is the farthest of 1,000: pages are short on the way, and it is reached."""
    page = (await desk.service.client.get(PATH, params=HERE | {"open_now": True, "limit": 50})).json()
    assert page["items"] == []
    pages = 1
    while "next_cursor" in page:
        query = HERE | {"open_now": True, "limit": 50, "cursor": page["next_cursor"]}
        page = (await desk.service.client.get(PATH, params=query)).json()
        pages += 1
    assert [one["code"] for one in page["items"]] == ["open"]
    assert pages == pytest.approx(1_001 / MOST_LOOKED_AT, abs=1.5)


@pytest.fixture
async def many(desk: Desk) -> None:
    await fill(desk, 1_000)
    await record(desk, point(code="open", coordinates=at(-40, -100), hours=WEEKDAYS))


async def fill(desk: Desk, number: int) -> None:
    """Points all over the country, one in a hundred a lawyer, none with hours."""
    await desk.service.database.pool.execute(
        """INSERT INTO service_point (id, code, kind, body_id, name, sort_key, visibility, territory_code, street_address,
               latitude, longitude, precision, measured, unit_vector, phones, languages, accessibility, volumes,
               legal_basis, missing, origin)
           SELECT gen_random_uuid(), 'M-' || n, CASE WHEN n % 100 = 0 THEN 'lawyer' ELSE 'office' END, $1, '{"ru": "x"}',
               'x' || n, 'public', CASE WHEN n % 10 = 0 THEN $3 ELSE $4 END, '{}', place.latitude, place.longitude,
               'exact', true,
               ARRAY[cos(radians(place.latitude)) * cos(radians(place.longitude)),
                     cos(radians(place.latitude)) * sin(radians(place.longitude)), sin(radians(place.latitude))],
               '[]', CASE WHEN n % 3 = 0 THEN ARRAY['ky'] ELSE ARRAY['ru'] END, '{}', '[]', '[]', '{}', 'demonstration'
           FROM generate_series(1, $2::int) AS n, LATERAL (
               SELECT 39.2 + 4.0 * ((n::bigint * 7919) % 100003) / 100003.0 AS latitude,
                      69.3 + 10.9 * ((n::bigint * 104729) % 100019) / 100019.0 AS longitude) AS place""",
        desk.body,
        number,
        RAION,
        CITY,
    )
    await desk.service.database.pool.execute("ANALYZE service_point, territory")


NEAR_QUERIES: dict[str, tuple[dict[str, Any], int]] = {
    "all": ({}, 60),
    "in a language": ({"language": "ky"}, 400),
    "in a raion": ({"within": RAION}, 8_000),
    "of a kind": ({"kind": "lawyer"}, 8_000),
}
"""Filters and the most rows that may be read for a page of 51, however many points there are. What one in a hundred
has is found by walking outwards past the other ninety-nine, or by its own index where that is shorter."""


async def test_among_fifty_thousand_it_stays_an_index_scan(desk: Desk) -> None:
    await fill(desk, 50_000)
    for name, (query, most) in NEAR_QUERIES.items():
        plan = await explained(desk, PointFilter(local_date(NOON), **query))
        scans = [node for node in nodes(plan) if node.get("Relation Name") == "service_point"]
        assert {node["Node Type"] for node in scans} <= {"Index Scan", "Bitmap Heap Scan"}, (name, plan)
        read = max(
            round(node["Actual Rows"] * node["Actual Loops"]) + node.get("Rows Removed by Filter", 0)
            for node in scans
        )
        assert read <= most, (name, read, plan)
        if name in {"all", "in a language"}:
            assert [node["Index Name"] for node in scans] == ["ix_service_point_measured"], (name, plan)


async def explained(desk: Desk, wanted: PointFilter) -> dict[str, Any]:
    """The plan of the very statement the repository sends."""

    class Explaining:
        async def fetch(self, query: str, *values: Any) -> list[Any]:
            found = await desk.service.database.pool.fetchval(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *values
            )
            self.plan = (found if isinstance(found, list) else json.loads(found))[0]["Plan"]
            return []

    asked: Any = Explaining()  # in the place of a connection
    await nearby_repository.nearest(asked, Group.MEASURED, unit_vector(*BISHKEK), wanted, None, 51)
    return asked.plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
