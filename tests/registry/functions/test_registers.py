"""The register from its draft to its adoption: who edits, what the commission decides, what stays as it was."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation, events, every_page, pointers
from tests.registry.standards.conftest import Desk, act

WRITE, DECIDE = "registry:functions:write", "registry:functions:decide"
URL = "/v1/function-registers"
NAME = {"ky": "Каттоо", "ru": "Регистрация"}


class Keeper:
    """Who keeps the register, and registrars of bodies."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.service = desk, desk.service
        self.headers = desk.service.headers(WRITE, DECIDE)

    def registrar(self, org: UUID) -> dict[str, str]:
        return self.service.headers(WRITE, org=org)

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.service.client.post(URL + path, json=body, headers=headers or self.headers)

    async def at(self, number: int) -> dict[str, str]:
        """Headers with the version of the register as it is."""
        shown = await self.service.client.get(f"{URL}/{number}", headers=self.headers)
        return self.headers | {"If-Match": shown.headers["etag"]}

    async def open(self) -> int:
        made = await self.post("")
        assert made.status_code == 201, made.text
        number: int = made.json()["number"]
        return number

    async def add(self, number: int, code: str, org: UUID | None = None, **changes: Any) -> httpx.Response:
        draft = {
            "code": code,
            "body": "MFA",
            "name": NAME,
            "level": "state",
            "origin": "demonstration",
        } | changes
        return await self.post(f"/{number}/functions", draft, self.registrar(org or self.desk.body))

    async def complete(self, number: int, code: str, **changes: Any) -> str:
        """A function with everything; its id."""
        recorded = await self.service.client.post(
            "/v1/acts", json=act(number=f"basis {code} {number}"), headers=self.desk.adopter
        )
        basis = {"act_id": recorded.json()["id"], "provision": "п. 1", "financed_from": "republican_budget"}
        made = await self.add(number, code, **basis | changes)
        assert made.status_code == 201, made.text
        found: str = made.json()["id"]
        return found

    async def submit(self, number: int) -> httpx.Response:
        return await self.post(f"/{number}/submit", None, await self.at(number))

    async def decide(self, register: int, function: str, decision: str, **more: Any) -> httpx.Response:
        record = {
            "function_id": function,
            "decision": decision,
            "number": "5",
            "decided_on": "2026-03-20",
        } | more
        return await self.post(f"/{register}/decisions", record)

    async def adopt(self, number: int, valid_from: str, **changes: Any) -> httpx.Response:
        wanted = {
            "act": act(kind="cabinet_decree", number=f"adopts {number}", **changes),
            "valid_from": valid_from,
        }
        return await self.post(f"/{number}/adopt", wanted, await self.at(number))

    async def adopted(self, valid_from: str, *functions: str) -> int:
        """A version in force from a day on, with these functions beside those of the one before."""
        number = await self.open()
        for code in functions:
            await self.complete(number, code)
        assert (await self.submit(number)).status_code == 200
        for one in await every_page(self.service, f"{URL}/{number}/functions", self.headers):
            assert (await self.decide(number, one["id"], "keep")).status_code == 201
        done = await self.adopt(number, valid_from)
        assert done.status_code == 200, done.text
        return number

    async def in_force(self, **query: str) -> dict[str, Any]:
        return {one["code"]: one for one in await every_page(self.service, "/v1/functions", **query)}


@pytest.fixture
async def keeper(desk: Desk) -> Keeper:
    return Keeper(desk)


async def test_a_draft_is_not_there_for_others(keeper: Keeper, other_desk: Desk):
    number = await keeper.open()
    await keeper.complete(number, "F-1")
    for path in ("", "/functions", "/decisions"):
        assert (await keeper.service.client.get(f"{URL}/{number}{path}")).status_code == 404
    assert await every_page(keeper.service, URL) == []
    assert await keeper.in_force() == {}
    own = await every_page(keeper.service, f"{URL}/{number}/functions", keeper.registrar(keeper.desk.body))
    assert [one["code"] for one in own] == ["F-1"]
    others = await every_page(keeper.service, f"{URL}/{number}/functions", keeper.registrar(other_desk.body))
    assert others == []


async def test_registrars_edit_functions_of_their_own_body_and_below(keeper: Keeper, other_desk: Desk):
    number = await keeper.open()
    below = await add_organisation(keeper.service, "AGE", "agency", parent_id=keeper.desk.body)
    assert (await keeper.add(number, "F-1", body="AGE")).status_code == 201, "the ministry for its agency"
    made = await keeper.add(number, "F-2")
    for org in (below, other_desk.body):
        assert (await keeper.add(number, "F-3", org)).json()["code"] == "foreign_body"
        url = f"{URL}/{number}/functions/{made.json()['id']}"
        headers = keeper.registrar(org) | {"If-Match": '"1"'}
        for refused in (
            await keeper.service.client.patch(url, json={"level": "municipal"}, headers=headers),
            await keeper.service.client.delete(url, headers=headers),
        ):
            assert (refused.status_code, refused.json()["code"]) == (403, "foreign_body")
    taken = await keeper.add(number, "F-1")
    assert (taken.status_code, taken.json()["code"]) == (409, "function_code_taken")
    assert (
        await keeper.post(f"/{number}/submit", None, keeper.registrar(keeper.desk.body))
    ).status_code == 403


async def test_a_change_needs_the_version_that_was_read(keeper: Keeper):
    number = await keeper.open()
    url = f"{URL}/{number}/functions/{await keeper.complete(number, 'F-1')}"
    headers, change = keeper.registrar(keeper.desk.body), {"level": "delegated"}
    assert (await keeper.service.client.patch(url, json=change, headers=headers)).status_code == 428
    answers = await asyncio.gather(
        *(
            keeper.service.client.patch(url, json=change, headers=headers | {"If-Match": '"1"'})
            for _ in range(3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert (await keeper.service.client.delete(url, headers=headers | {"If-Match": '"1"'})).status_code == 412
    assert (await keeper.service.client.delete(url, headers=headers | {"If-Match": '"2"'})).status_code == 204


async def test_references_are_checked(keeper: Keeper, other_desk: Desk):
    number = await keeper.open()
    own, foreign = await keeper.desk.propose("S-1"), await other_desk.propose("S-2")
    refused = await keeper.add(number, "F-1", services=[own, foreign])
    assert pointers(refused) == {"/services/1": "unknown_service"}
    nobody = await keeper.add(number, "F-1", body="NOBODY")
    assert pointers(nobody) == {"/body": "unknown_body"}
    no_act = await keeper.add(number, "F-1", act_id="00000000-0000-7000-8000-000000000000")
    assert pointers(no_act) == {"/act_id": "unknown_act"}


async def test_everything_missing_is_said_at_once(keeper: Keeper):
    number = await keeper.open()
    assert pointers(await keeper.submit(number)) == {"/functions": "register_empty"}
    await keeper.add(number, "F-1", name={"ru": "Регистрация"})
    await keeper.complete(number, "F-2", financed_from=None)
    refused = await keeper.submit(number)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_ready_for_commission")
    assert pointers(refused) == {
        "/functions/F-1/name/ky": "language_missing",
        "/functions/F-1/act": "missing",
        "/functions/F-1/financed_from": "missing",
        "/functions/F-2/financed_from": "missing",
    }


async def test_decisions_are_carried_out_by_the_act(keeper: Keeper, other_desk: Desk):
    number = await keeper.open()
    ids = {code: await keeper.complete(number, code) for code in ("KEEP", "CHANGE", "DROP", "TRANSFER")}
    early = await keeper.decide(number, ids["KEEP"], "keep")
    assert (early.status_code, early.json()["code"]) == (409, "register_not_submitted")
    assert (await keeper.submit(number)).status_code == 200
    late = await keeper.add(number, "LATE")
    assert (late.status_code, late.json()["code"]) == (409, "register_not_drafted")
    refused = await keeper.adopt(number, "2026-04-01")
    assert pointers(refused) == {f"/functions/{code}": "undecided" for code in ids}
    for decision, more, pointer in (
        ("transfer", {}, "/target"),
        ("change", {}, "/change"),
        ("keep", {"target": "MOJ"}, "/target"),
        ("transfer", {"target": "NOBODY"}, "/target"),
        ("keep", {"decided_on": "2026-11-24"}, "/decided_on"),
    ):
        assert pointer in pointers(await keeper.decide(number, ids["KEEP"], decision, **more))
    await keeper.decide(number, ids["KEEP"], "drop", number="4")
    new = {"ky": "Жаңы", "ru": "Новая"}
    for decision, more in (
        ("keep", {}),
        ("change", {"change": {"name": new, "level": "delegated"}}),
        ("drop", {}),
        ("transfer", {"target": "MOJ"}),
    ):
        assert (await keeper.decide(number, ids[decision.upper()], decision, **more)).status_code == 201
    done = await keeper.adopt(number, "2026-04-01")
    assert done.status_code == 200, done.text
    assert (done.json()["functions"], done.json()["dropped"]) == (3, 1)
    found = await keeper.in_force()
    assert found.keys() == {"KEEP", "CHANGE", "TRANSFER"}, "the later decision on KEEP counts"
    assert (found["CHANGE"]["name"], found["CHANGE"]["level"]) == (new, "delegated")
    assert (found["TRANSFER"]["body"]["code"], found["KEEP"]["body"]["code"]) == ("MOJ", "MFA")
    assert (await keeper.service.client.get(f"/v1/functions/{ids['DROP']}")).status_code == 404
    decisions = await every_page(keeper.service, f"{URL}/{number}/decisions", limit=2)
    assert [(one["code"], one["decision"], one["number"]) for one in decisions] == [
        ("KEEP", "drop", "4"),
        ("KEEP", "keep", "5"),
        ("CHANGE", "change", "5"),
        ("DROP", "drop", "5"),
        ("TRANSFER", "transfer", "5"),
    ]
    told = {event["code"]: event for event in await events(keeper.service, "function.changed")}
    assert {code: event["decision"] for code, event in told.items()} == {
        code: code.lower() for code in ("KEEP", "CHANGE", "DROP", "TRANSFER")
    }
    assert told["DROP"]["valid_to"] == "2026-04-01"
    [adopted] = await events(keeper.service, "function_register.adopted")
    assert adopted["decisions"] == {"keep": 1, "change": 1, "drop": 1, "transfer": 1}


async def test_adopted_versions_never_change_and_are_read_by_day(keeper: Keeper):
    first = await keeper.adopted("2026-04-01", "F-1", "F-2")
    before = await every_page(keeper.service, "/v1/functions", as_of="2026-05-01")
    second = await keeper.open()
    [one] = [
        it
        for it in await every_page(keeper.service, f"{URL}/{second}/functions", keeper.headers)
        if it["code"] == "F-1"
    ]
    changed = await keeper.service.client.patch(
        f"{URL}/{second}/functions/{one['id']}",
        json={"name": {"ky": "Б", "ru": "Б"}},
        headers=keeper.headers | {"If-Match": '"1"'},
    )
    assert changed.status_code == 200, changed.text
    assert one["id"] in {it["id"] for it in before}, "a function keeps its id from version to version"
    for path in (f"/{first}/functions/{one['id']}",):
        refused = await keeper.service.client.patch(
            URL + path, json={"level": "municipal"}, headers=keeper.headers | {"If-Match": '"1"'}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "register_not_drafted")
    assert (await keeper.submit(second)).status_code == 200
    for it in await every_page(keeper.service, f"{URL}/{second}/functions", keeper.headers):
        await keeper.decide(second, it["id"], "keep")
    same_day = await keeper.adopt(second, "2026-04-01")
    assert pointers(same_day) == {"/valid_from": "not_after_previous"}
    told = len(await events(keeper.service, "function.changed"))
    assert (await keeper.adopt(second, "2026-12-01")).status_code == 200
    assert await every_page(keeper.service, "/v1/functions", as_of="2026-11-30") == before
    assert await every_page(keeper.service, "/v1/functions") == before, "the new one comes into force later"
    assert (await keeper.in_force(as_of="2026-12-01"))["F-1"]["name"]["ru"] == "Б"
    assert await keeper.in_force(as_of="2026-03-31") == {}
    assert [event["code"] for event in (await events(keeper.service, "function.changed"))[told:]] == ["F-1"]
    shown = (await keeper.service.client.get(f"{URL}/{first}")).json()
    assert (shown["valid_from"], shown["valid_to"]) == ("2026-04-01", "2026-12-01")


async def test_one_version_is_open_at_a_time(keeper: Keeper):
    answers = await asyncio.gather(*(keeper.post("") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_submitting_races_with_editing(keeper: Keeper):
    """What the commission sees is whole: an addition is in it, or refused."""
    number = await keeper.open()
    await keeper.complete(number, "F-1")
    submitted, added = await asyncio.gather(keeper.submit(number), keeper.add(number, "F-2"))
    listed = await every_page(keeper.service, f"{URL}/{number}/functions", keeper.headers)
    assert (added.status_code == 201) == ("F-2" in {one["code"] for one in listed})
    if added.status_code == 409:
        assert submitted.status_code == 200
    else:
        assert submitted.status_code in {200, 422}
        shown = (await keeper.service.client.get(f"{URL}/{number}", headers=keeper.headers)).json()
        assert shown["status"] == "draft", "F-2 is incomplete"


async def test_orphans_are_shown_in_both_directions(keeper: Keeper, other_desk: Desk):
    service = await keeper.desk.propose("S-1")
    await other_desk.propose("S-2")

    async def orphans(kind: str) -> set[str]:
        found = await every_page(keeper.service, "/v1/functions/orphans", kind=kind, limit=1)
        return {one["code"] for one in found}

    assert await orphans("service_without_function") == {"S-1", "S-2"}, "without a register nothing fits"
    number = await keeper.open()
    await keeper.complete(number, "F-1", services=[service])
    await keeper.complete(number, "F-2")
    assert await orphans("function_without_services") == set(), "a draft is nobody's business"
    await keeper.submit(number)
    for one in await every_page(keeper.service, f"{URL}/{number}/functions", keeper.headers):
        await keeper.decide(number, one["id"], "keep")
    assert (await keeper.adopt(number, "2026-04-01")).status_code == 200
    assert await orphans("function_without_services") == {"F-2"}
    assert await orphans("service_without_function") == {"S-2"}
    assert await orphans("body_without_functions") == {"MOJ"}
    counts = (await keeper.service.client.get("/v1/functions/gaps")).json()
    assert counts == {
        "functions": 2,
        "function_without_services": 1,
        "service_without_function": 1,
        "body_without_functions": 1,
    }
    by_service = await keeper.service.client.get("/v1/functions", params={"service": service})
    assert [one["code"] for one in by_service.json()["items"]] == ["F-1"]
    assert (await keeper.in_force(body="MFA", level="state", financed_from="republican_budget")).keys() == {
        "F-1", "F-2"
    }  # fmt: skip
    assert await keeper.in_force(body="MOJ") == {}


async def test_the_seeded_register_has_no_function_and_says_so(seeded: RunningService):
    counts = (await seeded.client.get("/v1/functions/gaps")).json()
    assert (counts["functions"], counts["function_without_services"]) == (0, 0)
    assert counts["service_without_function"] == 41
    assert counts["body_without_functions"] == 484 + 9 + 14 + 2
