"""What a body is charged with and called by, kept by its own registrar and those of bodies above it."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation, events, every_page, pointers
from tests.registry.standards.conftest import act

WRITE = "registry:bodies:write"
MANDATE = {
    "text": {"ky": "Калкты каттоо", "ru": "Регистрация населения"},
    "act": act(),
    "provision": "п. 3",
    "valid_from": "2026-03-02",
    "origin": "demonstration",
}
INN = {"scheme": "inn", "value": "00000000000000", "origin": "demonstration", "source": "test"}


@pytest.fixture
async def house(registry: RunningService) -> dict[str, UUID]:
    """A ministry, an agency below it, and another ministry."""
    ministry = await add_organisation(registry, "MIN", "ministry")
    return {
        "MIN": ministry,
        "AGE": await add_organisation(registry, "AGE", "agency", parent_id=ministry),
        "OTHER": await add_organisation(registry, "OTHER", "ministry"),
    }


async def post(service: RunningService, org: UUID | None, path: str, body: Any) -> httpx.Response:
    headers = service.headers(WRITE, org=org) if org else service.headers(WRITE, "registry:bodies:reorganise")
    return await service.client.post(f"/v1/bodies/{path}", json=body, headers=headers)


async def test_who_writes(registry: RunningService, house: dict[str, UUID]):
    for org, code, status in (
        ("AGE", "AGE", 201),
        ("MIN", "AGE", 201),
        ("AGE", "MIN", 403),
        ("OTHER", "AGE", 403),
        ("MIN", "NOBODY", 404),
    ):
        answer = await post(registry, house[org], f"{code}/mandates", MANDATE)
        assert answer.status_code == status, (org, code, answer.text)
        if status == 403:
            assert answer.json()["code"] == "foreign_body"
    assert (await post(registry, None, "OTHER/mandates", MANDATE)).status_code == 201, "the platform"
    assert (await registry.client.post("/v1/bodies/AGE/mandates", json=MANDATE)).status_code == 401


async def test_mandates_have_their_days(registry: RunningService, house: dict[str, UUID]):
    made = await post(registry, house["AGE"], "AGE/mandates", MANDATE)
    [mandate] = made.json()["mandates"]
    assert (mandate["act"]["number"], mandate["provision"]) == (MANDATE["act"]["number"], "п. 3")
    ended = await post(
        registry, house["AGE"], f"AGE/mandates/{mandate['id']}/end", {"valid_to": "2026-06-01"}
    )
    assert (ended.status_code, ended.json()["mandates"]) == (200, [])
    for day, number in (("2026-03-01", 0), ("2026-03-02", 1), ("2026-05-31", 1), ("2026-06-01", 0)):
        shown = (await registry.client.get("/v1/bodies/AGE", params={"as_of": day})).json()
        assert len(shown["mandates"]) == number, day
    for day, code in (("2026-07-01", "ends_earlier"), ("2026-03-02", "not_after_valid_from")):
        again = await post(registry, house["AGE"], f"AGE/mandates/{mandate['id']}/end", {"valid_to": day})
        assert pointers(again) == {"/valid_to": code}
    abroad = await post(
        registry, house["OTHER"], f"OTHER/mandates/{mandate['id']}/end", {"valid_to": "2026-05-01"}
    )
    assert abroad.status_code == 404
    told = await events(registry, "body.changed")
    assert [event["aggregate_version"] for event in told] == [2, 3]
    assert told[-1]["mandates"][0]["valid_to"] == "2026-06-01"


async def test_a_mandate_rests_on_an_act_in_force(registry: RunningService, house: dict[str, UUID]):
    refused = await post(registry, house["AGE"], "AGE/mandates", MANDATE | {"valid_from": "2026-02-01"})
    assert pointers(refused) == {"/valid_from": "before_its_act"}


async def test_identifiers_follow_each_other_and_are_looked_up(
    registry: RunningService, house: dict[str, UUID]
):
    first = INN | {"valid_from": "2020-01-01"}
    assert (await post(registry, house["AGE"], "AGE/identifiers", first)).status_code == 201
    same = await post(registry, house["AGE"], "AGE/identifiers", INN)
    assert pointers(same) == {"/value": "changes_nothing"}
    new = INN | {"value": "00000000000001", "valid_from": "2026-05-01"}
    made = await post(registry, house["AGE"], "AGE/identifiers", new)
    assert [(one["value"], one["valid_from"]) for one in made.json()["identifiers"]] == [
        ("00000000000001", "2026-05-01")
    ]
    was = (await registry.client.get("/v1/bodies/AGE", params={"as_of": "2026-04-30"})).json()["identifiers"]
    assert [one["value"] for one in was] == ["00000000000000"]
    for value in ("00000000000000", "00000000000001"):
        found = await every_page(registry, "/v1/bodies", identifier=f"inn:{value}")
        assert [body["code"] for body in found] == ["AGE"]
    taken = await post(registry, house["OTHER"], "OTHER/identifiers", INN | {"value": "00000000000001"})
    assert (taken.status_code, taken.json()["code"]) == (409, "identifier_taken")
    person = await post(registry, house["OTHER"], "OTHER/identifiers", INN | {"value": "10000000000000"})
    assert pointers(person) == {"/value": "malformed_identifier"}
    assert "/query/identifier" in pointers(
        await registry.client.get("/v1/bodies", params={"identifier": "pin:1"})
    )


async def test_one_identifier_for_two_bodies_at_once(registry: RunningService, house: dict[str, UUID]):
    answers = await asyncio.gather(
        *(post(registry, house[code], f"{code}/identifiers", INN) for code in ("AGE", "MIN", "OTHER"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_providers_and_councils_have_kinds_of_their_own(registry: RunningService):
    for kind in (
        "ngo_provider",
        "public_council",
        "territorial_council",
        "local_council",
        "committee",
        "fund",
    ):
        await add_organisation(registry, f"B-{kind}", kind)
        assert [body["kind"] for body in await every_page(registry, "/v1/bodies", kind=kind)] == [kind]
