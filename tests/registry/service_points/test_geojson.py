"""The GeoJSON view, held against RFC 7946."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.kit.service import RunningService
from tests.registry.service_points.conftest import SHELTER, at, point, record
from tests.registry.standards.conftest import Desk

POSITION = {
    "type": "array",
    "minItems": 2,
    "maxItems": 3,
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
    "items": {"type": "number"},
}
FEATURE = {
    "type": "object",
    "required": ["type", "geometry", "properties"],  # RFC 7946, 3.2: all three, geometry may be null
    "properties": {
        "type": {"const": "Feature"},
        "id": {"type": ["string", "number"]},
        "geometry": {
            "oneOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "required": ["type", "coordinates"],
                    "properties": {"type": {"const": "Point"}, "coordinates": POSITION},
                    "not": {
                        "anyOf": [
                            {"required": ["geometry"]},
                            {"required": ["properties"]},
                            {"required": ["features"]},
                        ]
                    },
                },
            ]
        },
        "properties": {"type": ["object", "null"]},
    },
    "not": {
        "anyOf": [{"required": ["coordinates"]}, {"required": ["geometries"]}, {"required": ["features"]}]
    },
}
COLLECTION = Draft202012Validator(
    {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": FEATURE},
            "crs": False,  # RFC 7946, 4: WGS 84 alone
        },
        "not": {
            "anyOf": [
                {"required": [name]} for name in ("coordinates", "geometries", "geometry", "properties")
            ]
        },
    }
)
"""Sections 3, 4 and 7.1 of the RFC for the types that are used here."""


async def collections(service: RunningService, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = await service.client.get("/v1/service-points/geojson", params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/geo+json"
        collection = answer.json()
        assert [error.message for error in COLLECTION.iter_errors(collection)] == []
        found.append(collection)
        if "next_cursor" not in collection:
            assert "link" not in answer.headers
            return found
        assert answer.headers["link"].endswith('rel="next"')
        query["cursor"] = collection["next_cursor"]


async def test_every_seeded_point_is_a_feature(seeded: RunningService) -> None:
    pages = await collections(seeded, limit=4)
    features = [one for page in pages for one in page["features"]]
    assert len(features) == 14
    assert {one["geometry"] for one in features} == {None}, "no source has coordinates"
    assert {one["properties"]["no_distance"] for one in features} == {"coordinates_unknown"}


@pytest.mark.usefixtures("units")
async def test_longitude_stands_first_and_only_exact_places_have_a_geometry(desk: Desk) -> None:
    await record(desk, point())
    await record(desk, point(code="P-2", coordinates=at(42.87, 74.56, "settlement")))
    await record(desk, SHELTER)
    [collection] = await collections(desk.service)
    shown = {one["properties"]["code"]: one for one in collection["features"]}
    assert shown["P-1"]["geometry"] == {"type": "Point", "coordinates": [74.5698, 42.8746]}
    assert shown["P-1"]["properties"]["open"] is True
    assert "no_distance" not in shown["P-1"]["properties"]
    assert {code: shown[code]["properties"]["no_distance"] for code in ("P-2", "S-1")} == {
        "P-2": "settlement_only",
        "S-1": "area_only",
    }
    assert shown["P-2"]["geometry"] is shown["S-1"]["geometry"] is None


def test_the_validator_finds_what_is_wrong() -> None:
    feature = {"type": "Feature", "geometry": None, "properties": None}
    good = {"type": "FeatureCollection", "features": [feature]}
    assert COLLECTION.is_valid(good)
    for wrong in (
        {"type": "FeatureCollection"},
        good | {"crs": {}},
        good | {"features": [{"type": "Feature", "properties": {}}]},
        good | {"features": [feature | {"geometry": {"type": "Point", "coordinates": [42.8, 174.5]}}]},
        good | {"features": [feature | {"geometry": {"type": "Point", "coordinates": ["74", "42"]}}]},
    ):
        assert not COLLECTION.is_valid(wrong)
