"""Service points over HTTP: recorded, changed and closed by their body, and what is refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.registry.service_points.domain import MISSING
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, events, every_page, pointers
from tests.registry.service_points.conftest import (
    CITY,
    COUNTRY,
    POINT,
    RAION,
    SHELTER,
    WEEKDAYS,
    at,
    change,
    content,
    pages,
    point,
    record,
)
from tests.registry.standards.conftest import Desk, act

pytestmark = pytest.mark.usefixtures("units")


async def test_a_point_is_recorded_shown_and_told(desk: Desk) -> None:
    service_id = await desk.propose()
    offered = {"service_id": service_id, "channel_note": {"ru": "окно 4"}}
    made = await record(desk, point(services=[offered]))
    assert made["opening"] == {"open": True, "until": "2026-11-23T12:30:00+06:00", "provisional": True}
    assert (made["territory"]["code"], made["body"]["code"], made["missing"]) == (CITY, "MFA", [])
    assert [(one["service"]["code"], one["channel_note"]) for one in made["services"]] == [
        ("S-1", {"ru": "окно 4"})
    ]
    shown = await desk.service.client.get(f"/v1/service-points/{made['id']}")
    assert shown.json() == made
    again = await desk.service.client.get(
        f"/v1/service-points/{made['id']}", headers={"If-None-Match": shown.headers["etag"]}
    )
    assert again.status_code == 304
    [told] = await events(desk.service, "service_point.changed")
    unsaid = {"opening", "coordinates_source", "legal_basis", "version", "updated_at", "street_address"}
    shown_too = {name: value for name, value in made.items() if name not in unsaid}
    own = {"type": told["type"], "aggregate_version": 1, "located_at": made["street_address"]}
    assert told == own | shown_too


async def test_what_nobody_knows_is_listed(desk: Desk) -> None:
    bare = {"code": "P-2", "kind": "office", "name": {"ru": "Отдел"}}
    made = await record(desk, bare)
    assert made["missing"] == [name for name in MISSING if name != "name_ru"]
    assert made["opening"] == {"provisional": False}, "whether it is open is not known, not false"
    await record(desk, point())
    lacking = await every_page(desk.service, "/v1/service-points", missing="hours")
    assert [one["code"] for one in lacking] == ["P-2"]
    gaps = (await desk.service.client.get("/v1/service-points/gaps")).json()
    assert gaps["points"] == 2
    counted = {row["field"]: row["points"] for row in gaps["missing"]}
    assert (counted["hours"], counted["services"], "name_ru" in counted) == (1, 2, False)


async def test_only_its_own_body_changes_a_point(desk: Desk, other_desk: Desk) -> None:
    made = await record(desk, point())
    client, path = desk.service.client, f"/v1/service-points/{made['id']}"
    assert (await client.post("/v1/service-points", json=POINT)).status_code == 401
    nobody = desk.service.headers(org=desk.body)
    assert (await client.post("/v1/service-points", json=POINT, headers=nobody)).status_code == 403
    foreign = await change(other_desk, made["id"], content())
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_body")
    assert (await client.put(path, json=content(), headers=desk.registrar)).status_code == 428
    assert (await change(desk, made["id"], content(), 9)).status_code == 412
    assert (await change(desk, str(uuid4()), content())).status_code == 404
    twice = await client.post("/v1/service-points", json=POINT, headers=other_desk.registrar)
    assert (twice.status_code, twice.json()["code"]) == (409, "point_code_taken")
    done = await change(desk, made["id"], content(name={"ky": "Жаңы", "ru": "Новый"}, services=[]))
    assert (done.status_code, done.json()["version"], done.json()["name"]["ru"]) == (200, 2, "Новый")


async def test_two_changes_at_once_and_a_repeated_request(desk: Desk) -> None:
    headers = desk.registrar | {"Idempotency-Key": "point-once"}
    client = desk.service.client
    first, second = [await client.post("/v1/service-points", json=POINT, headers=headers) for _ in range(2)]
    assert (first.status_code, second.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    identifier = first.json()["id"]
    answers = await asyncio.gather(*(change(desk, identifier, content()) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


async def test_a_closed_point_leaves_the_lists_on_its_day(desk: Desk, clock: Any) -> None:
    made = await record(desk, point())
    path = f"/v1/service-points/{made['id']}/close"
    headers = desk.registrar | {"If-Match": '"1"'}
    early = await desk.service.client.post(path, json={"closed_on": "2015-04-01"}, headers=headers)
    assert pointers(early) == {"/closed_on": "closed_before_it_opened"}
    done = await desk.service.client.post(path, json={"closed_on": "2026-12-01"}, headers=headers)
    assert done.status_code == 200, done.text
    assert [one["closed_on"] for one in await events(desk.service, "service_point.closed")] == ["2026-12-01"]
    near = {"latitude": 42.8, "longitude": 74.5}
    assert len(await every_page(desk.service, "/v1/service-points/nearest", **near)) == 1
    clock.moment = clock.moment.replace(month=12, day=1)
    assert await every_page(desk.service, "/v1/service-points") == []
    assert await every_page(desk.service, "/v1/service-points/nearest", **near) == []
    shown = (await desk.service.client.get(f"/v1/service-points/{made['id']}")).json()
    assert shown["closed_on"] == "2026-12-01"
    again = await change(desk, made["id"], content(), 2)
    assert (again.status_code, again.json()["code"]) == (409, "point_closed")


RULE = WEEKDAYS["rules"][0]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"kind": "kiosk"}, {"/kind": "enum"}),
        ({"kind": "shelter"}, {"/visibility": "shelter_by_area_only"}),
        ({"territory_code": "nowhere"}, {"/territory_code": "unknown_territory"}),
        ({"coordinates": at(91, 0)}, {"/coordinates/latitude": "less_than_equal"}),
        ({"coordinates": at(42, 74, "unknown")}, {"/coordinates/precision": "literal_error"}),
        ({"hours": {"rules": [RULE | {"rrule": "FREQ=WEEKLY"}]}}, {"/hours/rules/0/rrule": "bad_recurrence"}),
        (
            {"hours": {"rules": [RULE | {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"}]}},
            {"/hours/rules/0/starts_on": "missing"},
        ),
        (
            {"hours": {"rules": [RULE | {"closes": "09:00", "breaks": []}]}},
            {"/hours/rules/0/closes": "closes_before_it_opens"},
        ),
        (
            {"hours": {"rules": [RULE | {"breaks": [{"opens": "08:00", "closes": "10:00"}]}]}},
            {"/hours/rules/0/breaks/0": "break_outside_hours"},
        ),
        (
            {"hours": {"rules": [], "exceptions": [{"day": "2026-01-01"}, {"day": "2026-01-01"}]}},
            {"/hours/exceptions/0/day": "date_repeated", "/hours/exceptions/1/day": "date_repeated"},
        ),
        ({"phones": [{"number": "+99612"}]}, {"/phones/0/number": "string_pattern_mismatch"}),
        ({"phones": [{"number": "+996111111111"}]}, {"/phones/0/number": "no_phone_number"}),
        ({"phones": [{"number": "119"}, {"number": "119"}]}, {"/phones/1": "repeated"}),
        ({"languages": ["ky", "KY"]}, {"/languages/1": "repeated"}),
        ({"accessibility": ["wings"]}, {"/accessibility/0": "enum"}),
        ({"services": [{"service_id": str(uuid4())}]}, {"/services/0/service_id": "unknown_service"}),
        (
            {"volumes": [{"year": 2027, "measure": "services", "number": 1}]},
            {"/volumes/0/year": "year_to_come"},
        ),
        ({"legal_basis": [{"act_id": str(uuid4())}]}, {"/legal_basis/0/act_id": "unknown_act"}),
        ({"opened_on": "2090-01-01"}, {"/opened_on": "too_far_ahead"}),
        ({"unknown": 1}, {"/unknown": "extra_forbidden"}),
    ],
)
async def test_refusals_name_the_field(desk: Desk, changes: dict[str, Any], errors: dict[str, str]) -> None:
    refused = await desk.service.client.post(
        "/v1/service-points", json=point(**changes), headers=desk.registrar
    )
    assert (refused.status_code, pointers(refused)) == (422, errors), refused.text


async def test_all_that_is_wrong_is_said_at_once(desk: Desk) -> None:
    wrong = point(
        territory_code="nowhere",
        phones=[{"number": "+996111111111"}],
        services=[{"service_id": str(uuid4())}],
    )
    refused = await desk.service.client.post("/v1/service-points", json=wrong, headers=desk.registrar)
    assert pointers(refused) == {
        "/territory_code": "unknown_territory",
        "/phones/0/number": "no_phone_number",
        "/services/0/service_id": "unknown_service",
    }


async def test_filters(desk: Desk) -> None:
    service_id = await desk.propose()
    await record(desk, point(services=[{"service_id": service_id}]))
    await record(
        desk, point(code="P-2", kind="lawyer", territory_code=RAION, languages=["uz-Cyrl"], accessibility=[])
    )
    for query, codes in (
        ({}, ["P-1", "P-2"]),
        ({"kind": "lawyer"}, ["P-2"]),
        ({"body": "MFA"}, ["P-1", "P-2"]),
        ({"body": "nobody"}, []),
        ({"service": "S-1"}, ["P-1"]),
        ({"within": COUNTRY}, ["P-1", "P-2"]),
        ({"within": RAION}, ["P-2"]),
        ({"language": "uz-cyrl"}, ["P-2"]),
        ({"accessible": "ramp"}, ["P-1"]),
    ):
        for path in ("", "/nearest"):
            place = {"latitude": 42.8, "longitude": 74.5} if path else {}
            found = await pages(desk, path, limit=1, **query, **place)
            assert sorted(one["code"] for one in found) == codes, (path, query)


async def test_a_point_that_cites_a_fallen_act_is_listed(desk: Desk) -> None:
    client = desk.service.client
    body = act(kind="cabinet_decree", date="2020-01-01", in_force_from="2020-01-01")
    old = (await client.post("/v1/acts", json=body, headers=desk.adopter)).json()
    new = (await client.post("/v1/acts", json=body | {"number": "8"}, headers=desk.adopter)).json()
    made = await record(desk, point(legal_basis=[{"act_id": old["id"], "article": "3", "point": "15-1"}]))
    assert made["legal_basis"] == [{"act_id": old["id"], "article": "3", "point": "15-1"}]
    effect = {"kind": "repeals", "target_id": old["id"], "since": "2021-01-01"}
    headers = desk.adopter | {"If-Match": '"1"'}
    assert (
        await client.post(f"/v1/acts/{new['id']}/effects", json=effect, headers=headers)
    ).status_code == 201
    [found] = await every_page(desk.service, "/v1/acts/broken-references")
    assert (found["object_type"], found["object_id"], found["place"]) == (
        "service_point",
        made["id"],
        "/legal_basis/0",
    )
    await change(desk, made["id"], content(legal_basis=[]))
    assert await every_page(desk.service, "/v1/acts/broken-references") == []


async def test_hours_of_a_service_hold_for_those_who_ask_for_it(desk: Desk) -> None:
    own = {"rules": [{"rrule": "FREQ=WEEKLY;BYDAY=SA", "opens": "10:00", "closes": "12:00"}]}
    service_id = await desk.propose()
    await record(desk, point(services=[{"service_id": service_id, "hours": own}]))
    place = {"latitude": 42.8, "longitude": 74.5}
    [at_all] = await pages(desk, "/nearest", **place, open_now=True)
    assert at_all["opening"]["open"] is True
    assert await pages(desk, "/nearest", **place, open_now=True, service="S-1") == []
    [for_it] = await pages(desk, "/nearest", **place, service="S-1")
    assert for_it["opening"] == {"open": False, "next": "2026-11-28T10:00:00+06:00", "provisional": True}


async def test_a_corrected_unit_takes_its_points_along(desk: Desk, registry: RunningService) -> None:
    await record(desk, {"code": "A", "kind": "office", "name": {"ru": "А"}, "territory_code": CITY})
    await record(desk, {"code": "B", "kind": "office", "name": {"ru": "Б"}, "territory_code": RAION})
    osh = {"latitude": 40.5, "longitude": 72.8}
    path = "/v1/service-points/nearest"
    assert [one["code"] for one in await every_page(registry, path, **osh)] == ["B", "A"]
    moved = await registry.client.patch(
        f"/v1/territories/{CITY}",
        json={"coordinates": osh | {"source": "test"}},
        headers=registry.headers(*PLATFORM) | {"If-Match": '"1"'},
    )
    assert moved.status_code == 200
    assert [one["code"] for one in await every_page(registry, path, **osh)] == ["A", "B"]


async def test_shelters_stand_in_the_list_of_their_area(desk: Desk) -> None:
    await record(desk, SHELTER)
    [found] = await every_page(desk.service, "/v1/service-points", kind="shelter", within=RAION)
    assert (found["visibility"], found["precision"], found["missing"]) == (
        "area_only",
        "unknown",
        ["hours", "accessibility", "services"],
    )
