"""Simplified boundaries: GeoJSON that keeps to RFC 7946, with strong ETags, licence and source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.seed import BOUNDARIES
from services.registry.territories.boundaries import record_boundaries
from services.registry.territories.geometry import geometry_problem, signed_area
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, events, pointers

OSH = "41721000000000"
SQUARE = [[70.0, 40.0], [71.0, 40.0], [71.0, 41.0], [70.0, 41.0], [70.0, 40.0]]
positions = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(list)


@given(st.lists(positions, min_size=3, max_size=12))
def test_a_ring_turned_round_has_the_opposite_area(points):
    ring = [*points, points[0]]
    assert signed_area(ring) == pytest.approx(-signed_area(ring[::-1]), abs=1e-6)


@pytest.mark.parametrize(
    ("geometry", "problem"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, None),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE]]}, None),
        ({"type": "Polygon", "coordinates": [SQUARE[::-1]]}, "a ring runs the wrong way round"),
        ({"type": "Polygon", "coordinates": [SQUARE, SQUARE]}, "a ring runs the wrong way round"),
        ({"type": "Polygon", "coordinates": [SQUARE[:-1]]}, "a ring is not closed"),
        (
            {"type": "Polygon", "coordinates": [[[190.0, 0.0], *SQUARE, [190.0, 0.0]]]},
            "a position is not on the earth",
        ),
        ({"type": "Point", "coordinates": [70.0, 40.0]}, "not a polygon"),
        ({"type": "Polygon", "coordinates": []}, "not a polygon"),
    ],
)
def test_what_a_boundary_has_to_be(geometry, problem):
    assert geometry_problem(geometry) == problem


@pytest.mark.parametrize(("level", "units"), [(1, 9), (2, 55)])
async def test_all_boundaries_of_a_level(seeded: RunningService, level: int, units: int):
    answer = await seeded.client.get("/v1/territories/boundaries", params={"level": level})
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert len(features) == units
    for feature in features:
        assert geometry_problem(feature["geometry"]) is None
        assert feature["properties"]["licence"] == "CC BY-IGO"
        assert feature["properties"]["source"]
    same = await seeded.client.get(
        "/v1/territories/boundaries",
        params={"level": level},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert (same.status_code, same.content) == (304, b"")


async def test_one_boundary_follows_the_name_of_its_unit(seeded: RunningService):
    url = f"/v1/territories/{OSH}/boundary"
    first = await seeded.client.get(url)
    assert (first.json()["id"], first.json()["properties"]["level"]) == (OSH, 2)
    assert (await seeded.client.get(url, params={"level": 1})).json()["properties"]["level"] == 1
    again = await seeded.client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    unit = await seeded.client.get(f"/v1/territories/{OSH}")
    corrected = await seeded.client.patch(
        f"/v1/territories/{OSH}",
        json={"name": {"ky": "Ош", "ru": "Ош"}},
        headers=seeded.headers(*PLATFORM) | {"If-Match": unit.headers["etag"]},
    )
    assert corrected.status_code == 200, corrected.text
    renamed = await seeded.client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (renamed.status_code, renamed.json()["properties"]["name"]) == (200, {"ky": "Ош", "ru": "Ош"})
    assert renamed.json()["geometry"] == first.json()["geometry"]


async def test_no_boundary_and_no_level(seeded: RunningService):
    assert (await seeded.client.get("/v1/territories/osh-mtu-jibek-jolu/boundary")).status_code == 404
    assert (await seeded.client.get("/v1/territories/nowhere/boundary")).status_code == 404
    assert "/query/level" in pointers(await seeded.client.get("/v1/territories/boundaries"))
    assert "/query/level" in pointers(
        await seeded.client.get("/v1/territories/boundaries", params={"level": 3})
    )


async def test_only_what_differs_is_recorded_and_told_again(seeded: RunningService):
    shape = {"type": "Polygon", "coordinates": [SQUARE]}
    told = len(await events(seeded, "boundary.recorded"))
    for expected in (1, 0):
        async with seeded.unit_of_work() as uow:
            assert await record_boundaries(uow, BOUNDARIES[2], {OSH: shape}) == expected
    recorded = (await events(seeded, "boundary.recorded"))[told:]
    assert [(event["territory"]["code"], event["aggregate_version"]) for event in recorded] == [(OSH, 2)]
    with pytest.raises(ValueError, match="not a polygon"):
        async with seeded.unit_of_work() as uow:
            await record_boundaries(uow, BOUNDARIES[2], {OSH: {"type": "Point", "coordinates": [1, 2]}})
