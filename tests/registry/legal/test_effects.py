"""What acts do to each other, over HTTP: rights, days of law and of record, circles, races, broken references."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from services.registry.legal.citations import Citation, citation_problems, keep_citations
from services.registry.spec import SPEC
from shared.db import migrations
from tests.registry.conftest import events, every_page, pointers
from tests.registry.standards.conftest import Desk, act


async def recorded(desk: Desk, number: str, day: str = "2020-01-01", **changes: Any) -> dict[str, Any]:
    body = act(number=number, date=day, kind="cabinet_decree", in_force_from=day, **changes)
    made = await desk.service.client.post("/v1/acts", json=body, headers=desk.adopter)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def affect(
    desk: Desk, one: dict[str, Any], other: dict[str, Any], version: int = 1, **wanted: Any
) -> httpx.Response:
    body = {"kind": "repeals", "target_id": other["id"], "since": "2022-01-01"} | wanted
    return await desk.service.client.post(
        f"/v1/acts/{one['id']}/effects", json=body, headers=desk.adopter | {"If-Match": f'"{version}"'}
    )


async def status(desk: Desk, found: dict[str, Any], **query: str) -> str:
    answer = await desk.service.client.get(f"/v1/acts/{found['id']}", params=query)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


async def test_a_repeal_counts_from_its_day_and_both_acts_tell_of_it(desk: Desk) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    done = await affect(desk, new, old, provision="п. 3")
    assert done.status_code == 201, done.text
    assert done.headers["location"] == f"acts/{new['id']}/effects/{done.json()['id']}"
    days = {"2019-12-31": "not_yet_in_force", "2021-12-31": "in_force", "2022-01-01": "repealed"}
    assert {day: await status(desk, old, as_of=day) for day in days} == days
    of_new, of_old = (await events(desk.service, "act.changed"))[-2:]
    assert (of_new["id"], of_new["aggregate_version"]) == (new["id"], 2)
    assert [(one["kind"], one["act"]["id"], one["since"]) for one in of_new["affects"]] == [
        ("repeals", old["id"], "2022-01-01")
    ]
    assert (of_old["id"], of_old["status"], of_old["aggregate_version"]) == (old["id"], "repealed", 2)
    assert [one["act"]["id"] for one in of_old["affected_by"]] == [new["id"]]
    assert of_old["periods"][-1] == {"status": "repealed", "valid_from": "2022-01-01"}
    listed = await every_page(desk.service, "/v1/acts", status="repealed", as_of="2022-01-01")
    assert [one["number"] for one in listed] == ["1"]
    assert await every_page(desk.service, "/v1/acts", status="repealed", as_of="2021-12-31") == []


async def test_a_suspension_ends_and_the_periods_say_so(desk: Desk) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    done = await affect(desk, new, old, kind="suspends", until="2022-03-01")
    assert done.status_code == 201, done.text
    answer = await desk.service.client.get(f"/v1/acts/{old['id']}/periods")
    assert answer.json()["periods"] == [
        {"end": "2020-01-01", "status": "not_yet_in_force"},
        {"start": "2020-01-01", "end": "2022-01-01", "status": "in_force"},
        {"start": "2022-01-01", "end": "2022-03-01", "status": "suspended"},
        {"start": "2022-03-01", "status": "in_force"},
    ]


async def test_what_was_believed_stays_readable(desk: Desk, clock: Any) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    before = clock.now()
    clock.moment = before + timedelta(hours=1)
    effect = (await affect(desk, new, old)).json()
    during = clock.now()
    clock.moment = during + timedelta(hours=1)
    path = f"/v1/acts/{new['id']}/effects/{effect['id']}/withdraw"
    headers = desk.adopter | {"If-Match": '"2"'}
    gone = await desk.service.client.post(path, json={"reason": "not this act"}, headers=headers)
    assert gone.status_code == 200, gone.text
    assert gone.json()["withdrawal_reason"] == "not this act"
    asked = {"as_of": "2022-06-01"}
    assert await status(desk, old, **asked) == "in_force"
    assert await status(desk, old, **asked, known_at=during.isoformat()) == "repealed"
    assert await status(desk, old, **asked, known_at=before.isoformat()) == "in_force"
    url = f"/v1/acts/{old['id']}/effects"
    assert await every_page(desk.service, url, met=True) == []
    [then] = await every_page(desk.service, url, met=True, known_at=during.isoformat())
    assert then["id"] == effect["id"]
    unknown = await desk.service.client.get(
        f"/v1/acts/{old['id']}", params={"known_at": (before - timedelta(hours=1)).isoformat()}
    )
    assert unknown.status_code == 404, "not recorded yet at that moment"
    again = await desk.service.client.post(
        path, json={"reason": "x"}, headers=desk.adopter | {"If-Match": '"3"'}
    )
    assert (again.status_code, again.json()["code"]) == (409, "effect_withdrawn")
    anew = await affect(desk, new, old, 3)
    assert anew.status_code == 201, "a withdrawn record stands in nobody's way"


async def test_refusals(desk: Desk, other_desk: Desk) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    client, path = desk.service.client, f"/v1/acts/{new['id']}/effects"
    body = {"kind": "repeals", "target_id": old["id"], "since": "2022-01-01"}
    assert (await client.post(path, json=body)).status_code == 401
    assert (await client.post(path, json=body, headers=desk.registrar)).status_code == 403
    assert (await client.post(path, json=body, headers=desk.adopter)).status_code == 428
    assert (await affect(desk, new, old, 7)).status_code == 412
    foreign = await affect(other_desk, new, old)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_act")
    unknown = await affect(desk, new, {"id": str(uuid4())})
    assert pointers(unknown) == {"/target_id": "unknown_act"}
    nowhere = await affect(desk, {"id": str(uuid4())}, old)
    assert nowhere.status_code == 404
    assert pointers(await affect(desk, old, new)) == {"/target_id": "adopted_later"}
    assert pointers(await affect(desk, new, old, since="2019-12-31")) == {"/since": "before_adoption"}
    assert pointers(await affect(desk, new, old, since="2021-11-30")) == {"/since": "before_its_act"}
    assert (await affect(desk, new, old)).status_code == 201
    twice = await affect(desk, new, old, 2)
    assert (twice.status_code, pointers(twice)) == (422, {"/since": "repealed_by_then"})
    assert (await affect(desk, new, old, 2, kind="amends", since=None)).status_code == 201
    again = await affect(desk, new, old, 3, kind="amends", since=None)
    assert (again.status_code, again.json()["code"]) == (409, "effect_exists")


async def test_the_platform_corrects_what_others_recorded(desk: Desk) -> None:
    found = await recorded(desk, "1")
    headers = desk.service.headers("registry:acts:write", org=uuid4(), roles=["platform"])
    change = {
        "in_force_from": "2020-02-01",
        "links": [{"site": "minjust", "url": "https://cbd.minjust.gov.kg/7"}],
    }
    path = f"/v1/acts/{found['id']}"
    done = await desk.service.client.patch(path, json=change, headers=headers | {"If-Match": '"1"'})
    assert done.status_code == 200, done.text
    assert (done.json()["version"], done.json()["links"]) == (2, change["links"])
    assert await status(desk, found, as_of="2020-01-15") == "not_yet_in_force"
    assert (await events(desk.service, "act.changed"))[-1]["links"] == change["links"]


async def test_a_correction_is_checked_like_a_record(desk: Desk, other_desk: Desk) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    await affect(desk, new, old)
    client, path = desk.service.client, f"/v1/acts/{new['id']}"
    headers = desk.adopter | {"If-Match": '"2"'}
    for change, errors in (
        ({"in_force_from": "2021-11-01"}, {"/in_force_from": "retroactive_without_basis"}),
        ({"in_force_from": "2022-02-01"}, {"/in_force_from": "after_its_effects"}),
        (
            {"links": [{"site": "toktom", "url": "https://toktom.kg@x.org/1"}]},
            {"/links/0/url": "not_of_site"},
        ),
        (
            {"links": [{"site": "toktom", "url": "http://toktom.kg/1"}]},
            {"/links/0/url": "string_pattern_mismatch"},
        ),
    ):
        refused = await client.patch(path, json=change, headers=headers)
        assert (refused.status_code, pointers(refused)) == (422, errors), refused.text
    foreign = await client.patch(path, json={}, headers=other_desk.adopter | {"If-Match": '"2"'})
    assert foreign.json()["code"] == "foreign_act"
    same = await client.patch(path, json={}, headers=headers)
    assert (same.status_code, same.json()["version"]) == (200, 2)


async def test_two_halves_of_a_circle_at_once(desk: Desk) -> None:
    """Each alone is fine; one of them is refused, whichever comes second."""
    acts = [await recorded(desk, str(number)) for number in range(3)]
    answers = await asyncio.gather(
        *(affect(desk, acts[place], acts[(place + 1) % 3], kind="amends") for place in range(3))
    )
    codes = [answer.status_code for answer in answers]
    assert codes.count(201) == 2 or 412 in codes
    versions = [(await desk.service.client.get(f"/v1/acts/{one['id']}")).json()["version"] for one in acts]
    again = [
        await affect(desk, acts[place], acts[(place + 1) % 3], versions[place], kind="amends")
        for place in range(3)
    ]
    edges = await desk.service.database.pool.fetch("SELECT act_id, target_id FROM legal_act_effect")
    assert len(edges) == 2, [answer.text for answer in again]
    assert "circle_of_acts" in {
        code for answer in again if answer.status_code == 422 for code in pointers(answer).values()
    }


async def test_a_repeated_request_repeals_once(desk: Desk) -> None:
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    body = {"kind": "repeals", "target_id": old["id"], "since": "2022-01-01"}
    headers = desk.adopter | {"If-Match": '"1"', "Idempotency-Key": "repeal-once"}
    path = f"/v1/acts/{new['id']}/effects"
    first = await desk.service.client.post(path, json=body, headers=headers)
    second = await desk.service.client.post(path, json=body, headers=headers)
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"


async def test_rows_that_rest_on_a_fallen_act_are_listed(desk: Desk) -> None:
    standard = await desk.adopted("2026-03-02")
    adopting = (await desk.service.client.get(f"/v1/standards/{standard}")).json()["in_force"]["act"]
    old, new = await recorded(desk, "1"), await recorded(desk, "2", "2021-12-01")
    row, other = uuid4(), uuid4()
    citations = [
        Citation(act_id=UUID(old["id"]), article="15-1", part="2", point="а", quote={"ru": "Орган обязан"}),
        Citation(act_id=UUID(new["id"])),
    ]
    async with desk.service.unit_of_work() as uow:
        assert await citation_problems(uow.sql, citations, "/legal_basis") == []
        await keep_citations(uow, "function", row, citations, "/legal_basis")
        await keep_citations(uow, "function", other, citations, "/legal_basis")
        await keep_citations(uow, "function", other, [], "/legal_basis")
    assert await broken(desk, "2022-06-01") == []
    assert (await affect(desk, new, old)).status_code == 201
    [found] = await broken(desk, "2022-06-01")
    assert (found["object_type"], found["object_id"], found["place"]) == (
        "function",
        str(row),
        "/legal_basis/0",
    )
    assert (found["article"], found["part"], found["point"]) == ("15-1", "2", "а")
    assert (found["act"]["number"], found["status"], found["status_from"]) == ("1", "repealed", "2022-01-01")
    assert len(await broken(desk, "2020-06-01")) == 1, "the newer act is not in force yet on that day"
    suspending = await recorded(desk, "9", "2026-05-01")
    body = {"kind": "suspends", "since": "2026-06-01", "target_id": adopting["id"]}
    made = await affect(desk, suspending, {"id": adopting["id"]}, **body)
    assert made.status_code == 201, made.text
    listed = await broken(desk, "2026-07-01", limit=1)
    assert [(one["object_type"], one["status"]) for one in listed] == [
        ("function", "repealed"),
        ("standard", "suspended"),
    ]


async def broken(desk: Desk, day: str, **query: Any) -> list[dict[str, Any]]:
    return await every_page(desk.service, "/v1/acts/broken-references", as_of=day, **query)


async def test_a_citation_names_a_recorded_act_once(desk: Desk) -> None:
    found = UUID((await recorded(desk, "1"))["id"])
    cited = [
        Citation(act_id=found, article="1"),
        Citation(act_id=uuid4()),
        Citation(act_id=found, article="1"),
    ]
    async with desk.service.unit_of_work() as uow:
        problems = await citation_problems(uow.sql, cited, "/legal_basis")
    assert {error.pointer: error.code for error in problems} == {
        "/legal_basis/1/act_id": "unknown_act",
        "/legal_basis/2": "citation_repeated",
    }


async def test_acts_recorded_before_have_their_days(fresh_database: Any, template_databases: Any) -> None:
    """The migration gives each act of an older database the days the rule gives it."""
    template_databases.ensure("registry_0006", lambda url: migrations.upgrade(SPEC.migrations, url, "0006"))
    url = fresh_database("registry_0006")
    connection = await asyncpg.connect(url)
    rows = [
        ("law", "1", "unknown", None),
        ("law", "2", "in_force", None),
        ("law", "3", "repealed", None),
        ("law", "4", "unknown", "2030-01-01"),
    ]
    for kind, number, stated, begins in rows:
        await connection.execute(
            """INSERT INTO legal_act (id, kind, number, date, issuer, issuer_key, title, status, origin, in_force_from,
                                      created_at)
               VALUES (gen_random_uuid(), $1, $2, '2020-01-01', '{}', '', '{}', $3, 'official', $4::text::date,
                       '2026-01-01T20:00Z')""",
            kind, number, stated, begins,
        )  # fmt: skip
    await asyncio.to_thread(migrations.upgrade, SPEC.migrations, url)
    found = await connection.fetch(
        """SELECT number, string_agg(force.status || ' ' || coalesce(lower(valid)::text, ''), ', ' ORDER BY valid)
           FROM legal_act AS act JOIN legal_act_force AS force ON force.act_id = act.id GROUP BY number"""
    )
    await connection.close()
    assert {row[0]: row[1] for row in found} == {
        "1": "not_yet_in_force , unknown 2020-01-01",
        "2": "not_yet_in_force , in_force 2020-01-01",
        "3": "not_yet_in_force , unknown 2020-01-01, repealed 2026-01-02",
        "4": "not_yet_in_force , in_force 2030-01-01",
    }
