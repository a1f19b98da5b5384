"""One act over many standards: all of them or none, whatever happens in the middle."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.registry.conftest import events, pointers
from tests.registry.standards.conftest import Desk, act, content

MANY = 40
ROOT = Path(__file__).parents[3]


async def drafted(desk: Desk, number: int) -> list[str]:
    return [(await desk.draft(await desk.propose(f"S-{it}"))).json()["standard_id"] for it in range(number)]


def items(standards: list[str], **changes: Any) -> list[dict[str, Any]]:
    return [{"standard_id": one, "version": 1, "valid_from": "2026-03-01"} | changes for one in standards]


async def together(desk: Desk, wanted: list[dict[str, Any]], **changes: Any) -> httpx.Response:
    return await desk.service.client.post(
        "/v1/adoptions", json={"act": act(**changes), "items": wanted}, headers=desk.adopter
    )


async def in_force(desk: Desk) -> int:
    found: int = await desk.service.database.pool.fetchval(
        "SELECT count(*) FROM standard_validity WHERE upper_inf(recorded) AND valid @> date '2026-11-23'"
    )
    return found


async def test_forty_standards_by_one_act(desk: Desk):
    standards = await drafted(desk, MANY)
    done = await together(desk, items(standards))
    assert done.status_code == 201, done.text
    assert {row["standard_id"]: row["version"] for row in done.json()["items"]} == dict.fromkeys(standards, 2)
    adopted = await events(desk.service, "standard.adopted")
    assert {event["id"] for event in adopted} == set(standards)
    assert {event["act"]["id"] for event in adopted} == {done.json()["act_id"]}
    assert await in_force(desk) == MANY


async def test_it_adopts_amends_and_repeals(desk: Desk):
    first, second, third = await drafted(desk, 3)
    assert (await together(desk, items([first, second]))).status_code == 201
    assert (await desk.edit(first, 2, content(documents=[]))).status_code == 200
    wanted = [
        *items([first], version=3, valid_from="2026-06-01"),
        *items([second], version=2, valid_from="2026-06-01", action="repeal"),
        *items([third]),
    ]
    done = await together(desk, wanted, number="8")
    assert done.status_code == 201, done.text
    client = desk.service.client
    shown = {one: (await client.get(f"/v1/standards/{one}")).json() for one in (first, second, third)}
    assert [shown[one].get("in_force", {}).get("number") for one in (first, second, third)] == [2, None, 1]
    versions = (await client.get(f"/v1/standards/{second}/versions")).json()["items"]
    assert [(it["state"], it["valid_to"]) for it in versions] == [("repealed", "2026-06-01")]


async def test_all_problems_of_all_standards_at_once_and_nothing_done(desk: Desk):
    good, bare, never = await drafted(desk, 3)
    assert (
        await desk.edit(bare, 1, content(appeal=None, documents=[{"code": "a", "name": {"ru": "А"}}]))
    ).status_code
    wanted = [
        *items([good], valid_to="2026-03-01"),
        *items([bare], version=2, valid_from="2025-01-01"),
        *items([never], action="repeal"),
    ]
    refused = await together(desk, wanted, published_on="2026-02-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_ready_for_adoption")
    assert pointers(refused) == {
        "/act/published_on": "published_before_signed",
        "/items/0/valid_to": "not_after_valid_from",
        "/items/1/valid_from": "before_its_act",
        "/items/1/draft/appeal": "appeal_missing",
        "/items/1/draft/documents/0/name/ky": "language_missing",
        "/items/2/valid_from": "nothing_to_repeal",
    }
    assert await in_force(desk) == 0
    assert (
        await desk.service.client.get(f"/v1/standards/{good}/draft", headers=desk.registrar)
    ).status_code == 200


async def test_what_cannot_be_named(desk: Desk, other_desk: Desk):
    own = (await drafted(desk, 1))[0]
    hidden = (await other_desk.draft(await other_desk.propose("O-1"))).json()["standard_id"]
    public = await other_desk.adopted("2026-03-01", "O-2")
    refused = await together(desk, items([own, own, str(uuid4()), hidden, public]))
    assert pointers(refused) == {
        "/items/1/standard_id": "named_twice",
        "/items/2/standard_id": "unknown_standard",
        "/items/3/standard_id": "unknown_standard",
        "/items/4/standard_id": "standard_of_another_body",
    }
    client = desk.service.client
    body = {"act": act(), "items": items([own])}
    assert (await client.post("/v1/adoptions", json=body)).status_code == 401
    assert (await client.post("/v1/adoptions", json=body, headers=desk.registrar)).status_code == 403
    assert (await together(desk, [])).status_code == 422


async def test_a_standard_that_changed_stops_the_whole_act(desk: Desk):
    standards = await drafted(desk, 3)
    await desk.edit(standards[1], 1, content(documents=[]))
    refused = await together(desk, items(standards))
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert pointers(refused) == {"/items/1/version": "item_changed"}
    assert await in_force(desk) == 0


async def test_adopting_and_editing_at_once_never_adopts_half(desk: Desk):
    standards = await drafted(desk, 8)
    answers = await asyncio.gather(
        together(desk, items(standards)),
        *(desk.edit(one, 1, content(documents=[])) for one in standards),
    )
    adopted, edits = answers[0], answers[1:]
    if adopted.status_code == 201:
        assert {edit.status_code for edit in edits} == {412}
        assert await in_force(desk) == len(standards)
    else:
        assert adopted.status_code == 412
        changed = {index for index, edit in enumerate(edits) if edit.status_code == 200}
        assert changed >= {int(pointer.split("/")[2]) for pointer in pointers(adopted)}
        assert await in_force(desk) == 0


async def test_two_acts_over_the_same_standards_in_other_orders(desk: Desk):
    standards = await drafted(desk, 12)
    answers = await asyncio.gather(
        together(desk, items(standards)), together(desk, items(standards[::-1]), number="8")
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    assert await in_force(desk) == len(standards)


CHILD = """
import asyncio, json, sys
from services.registry.settings import Settings
from services.registry.standards.joint import adopt_together
from services.registry.standards.schemas import JointAdoption
from shared.auth.principal import Kind, Principal
from shared.clock import SystemClock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from uuid import UUID

async def main():
    url, body, wanted = sys.argv[1:]
    database = await Database.open(Settings(database_url=url))
    adopter = Principal(sub=UUID(int=7), kind=Kind.PERSON, org=UUID(body), scopes=frozenset({"registry:standards:adopt"}))
    async with UnitOfWork(database, adopter, SystemClock()) as uow:
        await adopt_together(uow, JointAdoption.model_validate_json(wanted))

asyncio.run(main())
"""


@pytest.mark.crash
async def test_killed_in_the_middle_nothing_is_adopted(desk: Desk):
    """The act waits for the last service, which somebody else holds; by then it has written the others."""
    standards = await drafted(desk, MANY)
    pool = desk.service.database.pool
    last = await pool.fetchval("SELECT service_id FROM standard ORDER BY id DESC LIMIT 1")
    wanted = httpx.Request(
        "POST", "http://x", json={"act": act(), "items": items(standards)}
    ).content.decode()
    url = desk.service.runtime.settings.database_url.get_secret_value()
    before = len(await events(desk.service))
    holder = await asyncpg.connect(url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM service WHERE id = $1 FOR UPDATE", last)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        url,
        str(desk.body),
        wanted,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        await _until_it_waits(pool)
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
    finally:
        if child.returncode is None:
            child.kill()
        await transaction.rollback()
        await holder.close()
    assert await in_force(desk) == 0
    assert len(await events(desk.service)) == before
    assert await pool.fetchval("SELECT count(*) FROM standard_draft") == MANY
    assert (await together(desk, items(standards))).status_code == 201, "nothing of it is in the way"
    assert await in_force(desk) == MANY


async def _until_it_waits(pool: Any) -> None:
    """Until another session waits for a lock having written a transaction."""
    query = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
               AND backend_xid IS NOT NULL"""
    for _ in range(300):
        if await pool.fetchval(query):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the act never came to the last standard")
