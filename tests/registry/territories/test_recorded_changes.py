"""Changes of units as the platform and registrars record them, and what is read of them afterwards."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, add_organisation, events, every_page, pointers
from tests.registry.standards.conftest import act
from tests.registry.territories.test_territories import COUNTRY, unit

CHANGE = "registry:territories:change"
RAION, FIRST, SECOND = "R-1", "A-1", "A-2"
NAME = {"ky": "Жаңы", "ru": "Новый"}


@pytest.fixture
async def raion(registry: RunningService) -> RunningService:
    """A country, a raion, two aiyl aimaks with two villages each."""
    units = [
        COUNTRY,
        unit(RAION, valid_from="2001-01-01"),
        *(unit(code, RAION, kind="aiyl_aimak", name={"ru": code}) for code in (FIRST, SECOND)),
        *(unit(f"V-{place}", FIRST if place < 3 else SECOND, kind="village") for place in range(1, 5)),
    ]
    for one in units:
        made = await registry.client.post("/v1/territories", json=one, headers=registry.headers(*PLATFORM))
        assert made.status_code == 201, made.text
    return registry


async def change(
    service: RunningService,
    kind: str,
    old: list[str],
    new: list[dict[str, Any]],
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    record = {
        "kind": kind,
        "happened_on": "2026-04-01",
        "act": act(kind="law", number=f"{kind} {more.get('happened_on', '')}", date="2026-03-01"),
        "predecessors": old,
        "successors": new,
        "origin": "demonstration",
    } | more
    headers = headers or service.headers(*PLATFORM, CHANGE)
    return await service.client.post("/v1/territories/changes", json=record, headers=headers)


async def read(service: RunningService, code: str, **query: str) -> Any:
    answer = await service.client.get(f"/v1/territories/{code}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_merger_moves_everything_and_old_codes_stay_readable(raion: RunningService):
    told = len(await events(raion))
    merged = await change(raion, "merge", [FIRST, SECOND], [{"code": "A-3", "name": NAME}])
    assert merged.status_code == 201, merged.text
    assert (merged.json()["predecessors"], merged.json()["successors"]) == ([FIRST, SECOND], ["A-3"])
    old, new = await read(raion, FIRST), await read(raion, "A-3")
    assert (old["valid_to"], [unit["code"] for unit in old["successors"]]) == ("2026-04-01", ["A-3"])
    assert (new["valid_from"], new["municipality"], new["kind"]) == ("2026-04-01", True, "aiyl_aimak")
    assert {unit["code"] for unit in new["predecessors"]} == {FIRST, SECOND}
    village = await read(raion, "V-1")
    assert village["path"] == ["41700000000000", RAION, "A-3", "V-1"]
    assert [state["parent_code"] for state in village["past"]] == [FIRST]
    listed = await every_page(raion, "/v1/territories", within=RAION)
    assert {one["code"] for one in listed} == {RAION, "A-3", "V-1", "V-2", "V-3", "V-4"}
    heard = (await events(raion))[told:]
    kinds = [event["type"].split(".")[1] for event in heard]
    assert kinds == ["act", *["territory"] * 7, "territory_change", *["organisation"] * 3, "reorganisation"]
    ended = {event["code"]: event.get("valid_to") for event in heard if "path" in event}
    assert ended[FIRST] == ended[SECOND] == "2026-04-01"
    assert {event["act"]["number"] for event in heard if "act" in event} == {merged.json()["act"]["number"]}


async def test_units_are_read_as_they_were_on_a_day(raion: RunningService):
    await change(raion, "merge", [FIRST, SECOND], [{"code": "A-3", "name": NAME}])
    before, then = ({"as_of": day} for day in ("2026-03-31", "2026-04-01"))
    assert (await read(raion, "V-1", **before))["parent_code"] == FIRST
    assert (await read(raion, "V-1", **then))["parent_code"] == "A-3"
    assert (await raion.client.get("/v1/territories/A-3", params=before)).status_code == 404
    assert (await raion.client.get(f"/v1/territories/{FIRST}", params=then)).status_code == 404
    was = {one["code"] for one in await every_page(raion, "/v1/territories", limit=2, within=FIRST, **before)}
    assert was == {FIRST, "V-1", "V-2"}
    assert await every_page(raion, "/v1/territories", within=FIRST, **then) == []
    assert (
        await raion.client.get(f"/v1/territories/{RAION}", params={"as_of": "2000-01-01"})
    ).status_code == 404


async def test_names_and_kinds_have_a_history(raion: RunningService):
    for kind, day, new in (
        ("rename", "2026-04-01", {"code": FIRST, "name": NAME}),
        ("reclassification", "2026-05-01", {"code": FIRST, "kind": "raion_city"}),
        ("transfer", "2026-06-01", {"code": FIRST, "parent_code": "41700000000000"}),
    ):
        done = await change(raion, kind, [FIRST], [new], happened_on=day)
        assert done.status_code == 201, done.text
    for day, name, kind, parent in (
        ("2026-03-31", {"ru": FIRST}, "aiyl_aimak", RAION),
        ("2026-04-30", NAME, "aiyl_aimak", RAION),
        ("2026-05-31", NAME, "raion_city", RAION),
        ("2026-06-01", NAME, "raion_city", "41700000000000"),
    ):
        found = await read(raion, FIRST, as_of=day)
        assert (found["name"], found["kind"], found["parent_code"]) == (name, kind, parent), day
    changes = await every_page(raion, "/v1/territories/changes", territory=FIRST, limit=2)
    assert [one["kind"] for one in changes] == ["transfer", "reclassification", "rename"]
    assert await every_page(raion, "/v1/territories/changes", territory=SECOND) == []
    page = (await raion.client.get("/v1/territories")).json()
    assert "edition" not in page, "none is recorded here"
    late = await change(
        raion, "rename", [FIRST], [{"code": FIRST, "name": {"ru": "X"}}], happened_on="2026-05-31"
    )
    assert (late.status_code, late.json()["code"]) == (409, "later_change_recorded")


async def test_a_code_changes_and_is_never_given_again(raion: RunningService):
    done = await change(raion, "code_change", [FIRST], [{"code": "A-9"}])
    assert done.status_code == 201, done.text
    new = await read(raion, "A-9")
    assert (new["name"], new["past"]) == ({"ru": FIRST}, [])
    assert [one["code"] for one in (await read(raion, FIRST))["successors"]] == ["A-9"]
    again = await change(raion, "code_change", [SECOND], [{"code": FIRST}])
    assert pointers(again) == {"/successors/0/code": "territory_code_used"}
    taken = await raion.client.post("/v1/territories", json=unit(FIRST), headers=raion.headers(*PLATFORM))
    assert (taken.status_code, taken.json()["code"]) == (409, "territory_exists")
    below = await raion.client.post(
        "/v1/territories", json=unit("V-9", FIRST), headers=raion.headers(*PLATFORM)
    )
    assert pointers(below) == {"/parent_code": "unknown_territory"}
    gone = await change(raion, "rename", [FIRST], [{"code": FIRST, "name": NAME}])
    assert pointers(gone) == {"/predecessors/0": "unknown_territory"}


async def test_a_split_says_who_takes_whom(raion: RunningService):
    new = [
        {"code": "A-4", "name": {"ru": "A-4"}, "children": ["V-1"]},
        {"code": "A-5", "name": {"ru": "A-5"}},
    ]
    refused = await change(raion, "split", [FIRST], new)
    assert pointers(refused) == {"/successors": "children_left_over"}
    new[1]["children"] = ["V-2"]
    assert (await change(raion, "split", [FIRST], new)).status_code == 201
    assert (await read(raion, "V-2"))["path"][-2:] == ["A-5", "V-2"]


async def test_days_and_acts_fit(raion: RunningService):
    for changes, pointer, code in (
        ({"happened_on": "2026-11-24"}, "/happened_on", "not_come_yet"),
        ({"happened_on": "2026-02-28"}, "/happened_on", "before_its_act"),
        ({"act": act(date="2026-11-24")}, "/act/date", "in_future"),
    ):
        refused = await change(raion, "rename", [FIRST], [{"code": FIRST, "name": NAME}], **changes)
        assert pointers(refused)[pointer] == code
    assert (await read(raion, FIRST))["version"] == 1


async def test_registrars_change_what_lies_below_their_territory(raion: RunningService):
    body, other = seed_id("organisation", FIRST), seed_id("organisation", SECOND)

    def registrar(org: UUID) -> dict[str, str]:
        return raion.headers(CHANGE, org=org)

    village = [{"code": "V-1", "name": NAME}]
    for org in (other, await add_organisation(raion, "NGO", "ngo")):
        refused = await change(raion, "rename", ["V-1"], village, registrar(org))
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_territory")
    own = await change(raion, "rename", [FIRST], [{"code": FIRST, "name": NAME}], registrar(body))
    assert own.status_code == 403, "its own name is not a municipality's to change"
    away = await change(raion, "transfer", ["V-1"], [{"code": "V-1", "parent_code": SECOND}], registrar(body))
    assert away.status_code == 403, "nor does it give away what it has"
    city = await change(
        raion, "reclassification", ["V-1"], [{"code": "V-1", "kind": "raion_city"}], registrar(body)
    )
    assert city.status_code == 403, "nor make municipalities"
    assert (await change(raion, "rename", ["V-1"], village, registrar(body))).status_code == 201
    nobody = await change(raion, "rename", ["V-1"], village, raion.headers(CHANGE))
    assert (nobody.status_code, nobody.json()["code"]) == (403, "no_organisation")


async def test_two_changes_at_once_leave_one_tree(raion: RunningService):
    """A merger and a split of the same unit, and a village moved meanwhile: whoever comes second sees the first."""
    answers = await asyncio.gather(
        change(raion, "merge", [FIRST, SECOND], [{"code": "A-3", "name": NAME}]),
        change(raion, "code_change", [FIRST], [{"code": "A-4"}]),
        change(raion, "transfer", ["V-1"], [{"code": "V-1", "parent_code": SECOND}]),
    )
    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert any(answer.status_code == 201 for answer in answers)
    units = {one["code"]: one for one in await every_page(raion, "/v1/territories")}
    for one in units.values():
        parent = one.get("parent_code")
        assert one["path"] == [*(units[parent]["path"] if parent else []), one["code"]]


async def test_an_edition_is_recorded_once(raion: RunningService):
    edition = {"date": "2026-01-01", "title": "SOATE 2026", "origin": "demonstration", "source": "test"}
    headers = raion.headers(*PLATFORM)
    made = await raion.client.post("/v1/territories/editions", json=edition, headers=headers)
    assert (made.status_code, made.json()["date"]) == (201, "2026-01-01")
    twice = await raion.client.post("/v1/territories/editions", json=edition, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "edition_exists")
    early = await raion.client.post(
        "/v1/territories/editions", json=edition | {"date": "2026-11-24"}, headers=headers
    )
    assert pointers(early) == {"/date": "not_come_yet"}
    await change(raion, "rename", [FIRST], [{"code": FIRST, "name": NAME}])
    shown = (await raion.client.get("/v1/territories")).json()["edition"]
    assert (shown["date"], shown["changed_on"]) == ("2026-01-01", "2026-04-01")


async def bodies_of(service: RunningService, **query: str) -> dict[str, str]:
    """Code → territory of the municipalities that are there."""
    found = await every_page(service, "/v1/bodies", kind="municipality", **query)
    return {body["code"]: body["territory_code"] for body in found}


async def test_every_municipality_has_a_body_after_any_change(raion: RunningService):
    assert await bodies_of(raion) == {FIRST: FIRST, SECOND: SECOND}
    await change(raion, "code_change", [FIRST], [{"code": "A-3"}], happened_on="2026-04-01")
    assert await bodies_of(raion) == {"A-3": "A-3", SECOND: SECOND}
    same = (await raion.client.get(f"/v1/bodies/{FIRST}")).json()
    assert (same["code"], same["former_codes"], same["id"]) == (
        "A-3",
        [FIRST],
        str(seed_id("organisation", FIRST)),
    )
    split = [{"code": "A-3"}, {"code": "A-4", "name": NAME, "children": ["V-1"]}]
    done = await change(raion, "split", ["A-3"], split, happened_on="2026-05-01")
    assert done.status_code == 201, done.text
    assert (await bodies_of(raion)).keys() == {"A-3", "A-4", SECOND}
    await change(raion, "merge", ["A-4", SECOND], [{"code": "A-5", "name": NAME}], happened_on="2026-06-01")
    assert (await bodies_of(raion)).keys() == {"A-3", "A-5"}
    await change(raion, "rename", ["A-5"], [{"code": "A-5", "name": {"ru": "А"}}], happened_on="2026-07-01")
    city = [{"code": "V-2", "kind": "raion_city"}]
    await change(raion, "reclassification", ["V-2"], city, happened_on="2026-08-01")
    units = {one["code"]: one for one in await every_page(raion, "/v1/territories", municipality=True)}
    bodies = {one["code"]: one for one in await every_page(raion, "/v1/bodies", kind="municipality")}
    assert {code: one["name"] for code, one in bodies.items()} == {
        code: one["name"] for code, one in units.items()
    }
    assert (await bodies_of(raion, as_of="2026-03-31")).keys() == {FIRST, SECOND}
    assert (await bodies_of(raion, as_of="2026-05-31")).keys() == {"A-3", "A-4", SECOND}
    gone = (await raion.client.get(f"/v1/bodies/{SECOND}")).json()
    assert (gone["active"], [one["body"]["code"] for one in gone["successors"]]) == (False, ["A-5"])
