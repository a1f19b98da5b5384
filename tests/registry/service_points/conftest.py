"""A body that has points, the territory they lie in, and a complete point to vary."""

from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM
from tests.registry.standards.conftest import Desk, desk, other_desk

__all__ = ["desk", "other_desk"]

BISHKEK = (42.8746, 74.5698)
COUNTRY, CITY, RAION, VILLAGE = "41700000000000", "41711000000000", "41708222000000", "41708222865010"
UNITS: list[dict[str, Any]] = [
    {"code": COUNTRY, "kind": "country", "name": {"ru": "Кыргызская Республика"}},
    {"code": CITY, "kind": "republican_city", "parent_code": COUNTRY, "place": BISHKEK},
    {"code": RAION, "kind": "raion", "parent_code": COUNTRY, "place": (42.8489, 74.3912)},
    {"code": VILLAGE, "kind": "village", "parent_code": RAION, "place": (42.8540, 74.3026)},
]
WEEKDAYS: dict[str, Any] = {
    "rules": [
        {
            "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "opens": "09:00",
            "closes": "18:00",
            "breaks": [{"opens": "12:30", "closes": "13:30"}],
        }
    ]
}
POINT: dict[str, Any] = {
    "code": "P-1",
    "kind": "tson",
    "name": {"ky": "КТБ № 1", "ru": "ЦОН № 1", "uz": "Markaz 1"},
    "territory_code": CITY,
    "street_address": {"ky": "Чүй проспекти 1", "ru": "пр. Чуй 1"},
    "coordinates": {"latitude": 42.8746, "longitude": 74.5698, "precision": "exact", "source": "survey"},
    "hours": WEEKDAYS,
    "phones": [{"number": "+996312626210", "note": {"ru": "справочная"}}, {"number": "119"}],
    "languages": ["ky", "ru"],
    "accessibility": ["ramp", "sign_language"],
    "volumes": [{"year": 2025, "measure": "services", "number": 74_000}],
    "opened_on": "2015-04-01",
}
SHELTER: dict[str, Any] = {
    "code": "S-1",
    "kind": "shelter",
    "name": {"ky": "Баш калка", "ru": "Убежище"},
    "visibility": "area_only",
    "territory_code": RAION,
    "phones": [{"number": "117"}],
    "languages": ["ky"],
}


def point(**changes: Any) -> dict[str, Any]:
    return deepcopy(POINT) | changes


def content(**changes: Any) -> dict[str, Any]:
    """What a change takes: a point without its code."""
    found = point(**changes)
    del found["code"]
    return found


def at(latitude: float, longitude: float, precision: str = "exact") -> dict[str, Any]:
    return {"latitude": latitude, "longitude": longitude, "precision": precision, "source": "survey"}


async def record(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    made = await desk.service.client.post("/v1/service-points", json=body, headers=desk.registrar)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def change(desk: Desk, identifier: str, body: dict[str, Any], version: int = 1) -> httpx.Response:
    return await desk.service.client.put(
        f"/v1/service-points/{identifier}",
        json=body,
        headers=desk.registrar | {"If-Match": f'"{version}"'},
    )


async def pages(desk: Desk, path: str, **query: Any) -> list[dict[str, Any]]:
    """All items of a list of points, page by page; `service` among the filters is that of the register."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await desk.service.client.get(f"/v1/service-points{path}", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if "next_cursor" not in page:
            return found
        query["cursor"] = page["next_cursor"]


@pytest.fixture
async def units(registry: RunningService) -> None:
    headers = registry.headers(*PLATFORM)
    for unit in UNITS:
        body = {"name": {"ru": unit["code"]}, "edition": "test", "origin": "demonstration", "source": "test"}
        body |= {name: value for name, value in unit.items() if name != "place"}
        if "place" in unit:
            latitude, longitude = unit["place"]
            body["coordinates"] = {"latitude": latitude, "longitude": longitude, "source": "test"}
        made = await registry.client.post("/v1/territories", json=body, headers=headers)
        assert made.status_code == 201, made.text
