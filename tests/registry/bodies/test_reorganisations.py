"""Mass renames, mergers and moves by one act, and what is read of bodies afterwards."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation, events, every_page, pointers
from tests.registry.standards.conftest import Desk, act

REORGANISE = "registry:bodies:reorganise"
NAME = {"ky": "Жаңы министрлик", "ru": "Новое министерство"}


async def reorganise(service: RunningService, *changes: dict[str, Any], **more: Any) -> httpx.Response:
    record = {
        "happened_on": "2026-04-01",
        "act": act(kind="presidential_decree", number=f"{more.get('happened_on', '1')}", date="2026-03-01"),
        "changes": list(changes),
        "origin": "demonstration",
    } | more
    return await service.client.post(
        "/v1/bodies/reorganisations", json=record, headers=service.headers(REORGANISE)
    )


async def read(service: RunningService, code: str, **query: str) -> Any:
    answer = await service.client.get(f"/v1/bodies/{code}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def bodies(registry: RunningService) -> dict[str, UUID]:
    found = {}
    for code, parent in (("GRS", None), ("GKITS", None), ("MDD", None), ("INFO", "GRS")):
        found[code] = await add_organisation(registry, code, "agency", parent_id=found.get(parent or ""))
    return found


async def test_one_act_renames_and_merges_many_at_once(registry: RunningService, bodies: dict[str, UUID]):
    done = await reorganise(
        registry,
        {"kind": "renaming", "body": "MDD", "name": NAME, "code": "MTSR"},
        {"kind": "merger", "body": "GRS", "into": ["MTSR"]},
        {"kind": "merger", "body": "GKITS", "into": ["MDD"]},
        {
            "kind": "founding",
            "body": "KYZMAT",
            "name": {"ru": "Кызмат"},
            "of_kind": "institution",
            "parent": "MTSR",
        },
    )
    assert done.status_code == 201, done.text
    assert [change["kind"] for change in done.json()["changes"]] == [
        "renaming",
        "merger",
        "merger",
        "founding",
    ]
    new = await read(registry, "MDD")
    assert (new["code"], new["name"], new["former_codes"]) == ("MTSR", NAME, ["MDD"])
    assert {one["body"]["code"] for one in new["predecessors"]} == {"GRS", "GKITS"}
    assert [(state["code"], state["valid_to"]) for state in new["past"]] == [("MDD", "2026-04-01")]
    old = await read(registry, "GRS")
    assert (old["active"], old["valid_to"], old["id"]) == (False, "2026-04-01", str(bodies["GRS"]))
    assert [one["body"]["code"] for one in old["successors"]] == ["MTSR"]
    assert (await read(registry, "INFO"))["parent"]["code"] == "MTSR", "what stood below it passes on"
    below = await every_page(registry, "/v1/bodies", within="MTSR")
    assert {body["code"] for body in below} == {"MTSR", "INFO", "KYZMAT"}
    assert (await read(registry, "KYZMAT"))["valid_from"] == "2026-04-01"
    told = (await events(registry, "reorganisation.recorded"))[-1]
    assert [change["kind"] for change in told["changes"]] == ["renaming", "merger", "merger", "founding"]
    listed = await every_page(registry, "/v1/bodies/reorganisations")
    assert listed == [done.json()]


async def test_bodies_are_read_as_they_were_on_a_day(registry: RunningService, bodies: dict[str, UUID]):
    await reorganise(
        registry,
        {"kind": "renaming", "body": "MDD", "name": NAME, "code": "MTSR"},
        {"kind": "merger", "body": "GRS", "into": ["MTSR"]},
    )
    before, then = "2026-03-31", "2026-04-01"
    assert (await read(registry, "MTSR", as_of=before))["code"] == "MDD"
    assert (await read(registry, "MDD", as_of=then))["name"] == NAME
    assert (await read(registry, "INFO", as_of=before))["parent"]["code"] == "GRS"
    assert (await registry.client.get("/v1/bodies/GRS", params={"as_of": then})).status_code == 404
    was = await every_page(registry, "/v1/bodies", as_of=before, within="GRS", limit=1)
    assert {body["code"] for body in was} == {"GRS", "INFO"}
    now = await every_page(registry, "/v1/bodies", as_of=then, limit=1)
    assert {body["code"] for body in now} == {"MTSR", "INFO", "GKITS"}
    assert now == await every_page(registry, "/v1/bodies")


async def test_all_problems_at_once_and_nothing_done(registry: RunningService, bodies: dict[str, UUID]):
    refused = await reorganise(
        registry,
        {"kind": "renaming", "body": "MDD", "name": NAME},
        {"kind": "merger", "body": "NOBODY", "into": ["MDD"]},
        {"kind": "transfer", "body": "GRS", "parent": "INFO"},
        happened_on="2026-11-24",
    )
    assert pointers(refused) == {
        "/happened_on": "not_come_yet",
        "/changes/1/body": "unknown_body",
        "/changes/2/parent": "circular",
    }
    assert (await read(registry, "MDD"))["version"] == 1
    assert await events(registry, "reorganisation.recorded") == []
    assert await events(registry, "act.changed") == []


async def test_services_and_standards_pass_to_who_took_over(desk: Desk):
    heir = await add_organisation(desk.service, "HEIR", "ministry")
    standard = await desk.adopted("2026-03-02")
    done = await reorganise(desk.service, {"kind": "merger", "body": "MFA", "into": ["HEIR"]})
    assert done.status_code == 201, done.text
    [service] = await every_page(desk.service, "/v1/services", body="HEIR")
    page = (await desk.service.client.get(f"/v1/services/{service['id']}")).json()
    assert page["body"]["code"] == "HEIR"
    told = (await events(desk.service, "service.changed"))[-1]
    assert (told["body"]["code"], told["aggregate_version"]) == ("HEIR", page["version"])
    refused = await desk.edit(standard, 2)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_body")
    taken_over = Desk(desk.service, heir)
    assert (await taken_over.edit(standard, 2)).status_code == 200
    closed = await reorganise(desk.service, {"kind": "closure", "body": "HEIR"}, happened_on="2026-05-01")
    assert pointers(closed) == {"/changes/0/body": "has_services"}


async def test_changes_are_recorded_in_the_order_of_their_days(
    registry: RunningService, bodies: dict[str, UUID]
):
    assert (await reorganise(registry, {"kind": "renaming", "body": "MDD", "name": NAME})).status_code == 201
    early = await reorganise(
        registry, {"kind": "renaming", "body": "MDD", "name": {"ru": "А"}}, happened_on="2026-03-15"
    )
    assert (early.status_code, early.json()["code"]) == (409, "later_reorganisation_recorded")
    same_day = await reorganise(registry, {"kind": "renaming", "body": "MDD", "name": {"ru": "А"}})
    assert same_day.status_code == 201
    shown = await read(registry, "MDD")
    assert [state["valid_to"] for state in shown["past"]] == ["2026-04-01"], "a state of no day is none"


async def test_an_agency_becomes_a_ministry(registry: RunningService, bodies: dict[str, UUID]):
    done = await reorganise(
        registry, {"kind": "renaming", "body": "MDD", "of_kind": "ministry", "name": NAME}
    )
    assert done.status_code == 201, done.text
    assert [body["code"] for body in await every_page(registry, "/v1/bodies", kind="ministry")] == ["MDD"]
    was = await every_page(registry, "/v1/bodies", kind="agency", as_of="2026-03-31")
    assert "MDD" in {body["code"] for body in was}
    donor = await reorganise(
        registry, {"kind": "renaming", "body": "MDD", "of_kind": "donor"}, happened_on="2026-05-01"
    )
    assert pointers(donor) == {"/changes/0/of_kind": "no_body_kind"}


async def test_codes_are_not_given_twice(registry: RunningService, bodies: dict[str, UUID]):
    await reorganise(registry, {"kind": "renaming", "body": "MDD", "code": "MTSR"})
    other = await reorganise(
        registry, {"kind": "renaming", "body": "GRS", "code": "MDD"}, happened_on="2026-05-01"
    )
    assert pointers(other) == {"/changes/0/code": "body_code_used"}
    minted = await registry.client.post(
        "/v1/organisations",
        json={"code": "MDD", "kind": "agency", "name": {"ru": "М"}, "origin": "demonstration"},
        headers=registry.headers("registry:organisations:write"),
    )
    assert (minted.status_code, minted.json()["code"]) == (409, "code_taken")
    back = await reorganise(
        registry, {"kind": "renaming", "body": "MTSR", "code": "MDD"}, happened_on="2026-05-01"
    )
    assert back.status_code == 201, "a body may take its own again"
    assert (await read(registry, "MTSR"))["former_codes"] == ["MTSR"]


async def test_two_acts_at_once(registry: RunningService, bodies: dict[str, UUID]):
    """Each of two moves is fine alone, together they would make a circle."""
    answers = await asyncio.gather(
        reorganise(registry, {"kind": "transfer", "body": "MDD", "parent": "GKITS"}),
        reorganise(registry, {"kind": "transfer", "body": "GKITS", "parent": "MDD"}),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_only_the_platform_reorganises(registry: RunningService, bodies: dict[str, UUID]):
    record = {"happened_on": "2026-04-01", "act": act(), "changes": [{"kind": "closure", "body": "MDD"}]}
    headers = registry.headers("registry:bodies:write", org=bodies["MDD"])
    refused = await registry.client.post("/v1/bodies/reorganisations", json=record, headers=headers)
    assert refused.status_code == 403
    assert (await registry.client.post("/v1/bodies/reorganisations", json=record)).status_code == 401
