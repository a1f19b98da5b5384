"""Shelters: their exact place is in no table, event, answer, feed or log, whatever is tried."""

import logging
from typing import Any

import asyncpg
import pytest

from services.registry.spec import SPEC
from tests.registry.conftest import events, every_page, pointers
from tests.registry.service_points.conftest import (
    CITY,
    RAION,
    SHELTER,
    VILLAGE,
    WEEKDAYS,
    at,
    change,
    content,
    point,
    record,
)
from tests.registry.standards.conftest import Desk

pytestmark = pytest.mark.usefixtures("units")

SECRET = "Жашыл-Арал-77"
TELLING: dict[str, Any] = {
    "street_address": {"ru": SECRET},
    "coordinates": at(42.777777, 74.333333),
    "note": SECRET,
    "hours": WEEKDAYS | {"exceptions": [{"day": "2026-12-31", "note": {"ru": SECRET}}]},
    "phones": [{"number": "117", "note": {"ru": SECRET}}],
}


@pytest.mark.parametrize("name", TELLING)
async def test_what_could_tell_the_place_is_not_taken(desk: Desk, name: str) -> None:
    refused = await desk.service.client.post(
        "/v1/service-points", json=SHELTER | {name: TELLING[name]}, headers=desk.registrar
    )
    assert refused.status_code == 422
    assert list(pointers(refused).values()) == ["exact_place_not_taken"]
    assert SECRET not in refused.text


async def test_nothing_of_it_is_left_anywhere(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    service_id = await desk.propose()
    client, headers = desk.service.client, desk.registrar | {"Idempotency-Key": "a-secret-place"}
    tried = SHELTER | TELLING | {"services": [{"service_id": service_id, "channel_note": {"ru": SECRET}}]}
    assert (await client.post("/v1/service-points", json=tried, headers=headers)).status_code == 422
    made = await record(desk, SHELTER)
    refused = await change(desk, made["id"], {name: value for name, value in tried.items() if name != "code"})
    assert refused.status_code == 422
    pool = desk.service.database.pool
    written = [form for text in (SECRET, "42.777777") for form in (text, text.encode().hex())]
    for table in SPEC.metadata.tables:
        rows = await pool.fetch(f"SELECT t::text AS row FROM {table} AS t")  # every column of every table
        assert not [row for row in rows for one in written if one in row["row"]], table
    assert not [one for one in await events(desk.service) if SECRET in str(one)]
    logged = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in logged
    assert "42.777" not in logged


@pytest.mark.parametrize("precision", ["exact", "street"])
async def test_the_database_refuses_it_too(desk: Desk, precision: str) -> None:
    """Not only the use case: a later writer cannot forget."""
    made = await record(desk, SHELTER)
    pool = desk.service.database.pool
    for change_made in (
        f"latitude = 42, longitude = 74, measured = true, precision = '{precision}', unit_vector = '{{1,0,0}}'",
        """street_address = '{"ru": "x"}'""",
        "visibility = 'public'",
        "territory_code = NULL",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await pool.execute(f"UPDATE service_point SET {change_made} WHERE id = $1", made["id"])


async def test_its_area_is_large_enough_to_hide_in(desk: Desk) -> None:
    refused = await desk.service.client.post(
        "/v1/service-points", json=SHELTER | {"territory_code": VILLAGE}, headers=desk.registrar
    )
    assert pointers(refused) == {"/territory_code": "area_too_small"}
    nowhere = {name: value for name, value in SHELTER.items() if name != "territory_code"}
    lost = await desk.service.client.post("/v1/service-points", json=nowhere, headers=desk.registrar)
    assert pointers(lost) == {"/territory_code": "missing"}


async def test_a_place_that_was_told_is_not_taken_back(desk: Desk) -> None:
    made = await record(desk, point())
    hiding = content(visibility="area_only", street_address=None, coordinates=None, phones=[], hours=None)
    refused = await change(desk, made["id"], hiding)
    assert (refused.status_code, refused.json()["code"]) == (409, "place_told")


async def test_it_comes_without_a_distance_wherever_one_asks_from(desk: Desk) -> None:
    """The order tells of its raion only: two shelters of one raion stand in the same order from everywhere."""
    shelters = [(await record(desk, SHELTER | {"code": code}))["id"] for code in ("S-1", "S-2")]
    await record(desk, point(territory_code=CITY))
    for latitude, longitude in ((42.85, 74.39), (40.5, 72.8), (42.8, 74.6), (-33.0, 151.0)):
        found = await every_page(
            desk.service, "/v1/service-points/nearest", latitude=latitude, longitude=longitude, limit=1
        )
        assert [one["id"] for one in found[1:]] == sorted(shelters)
        for one in found[1:]:
            assert (one["no_distance"], one["territory"]["code"]) == ("area_only", RAION)
            assert not {"distance_m", "latitude", "longitude"} & one.keys()
            assert one["street_address"] == {}
    collection = (await desk.service.client.get("/v1/service-points/geojson")).json()
    assert {one["properties"]["kind"]: one["geometry"] for one in collection["features"]}["shelter"] is None
