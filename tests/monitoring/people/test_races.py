"""Writes that meet an erasure or a rotation of keys: nothing comes back, nothing is lost."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from services.monitoring.people.kinds import NOTE, PEOPLE
from services.monitoring.spec import SPEC
from shared.db.unit_of_work import UnitOfWork
from shared.people.key_file import add_key, remove_key
from shared.people.keyring import Keyring
from shared.people.rotation import STORE, Pass, key_use, rotate
from shared.people.store import PersonalData
from tests.kit.events import deliver
from tests.kit.people import erased
from tests.kit.service import RunningService, StartService
from tests.kit.tables import everything_in
from tests.monitoring.field import Field
from tests.monitoring.registry import tell, world

SECRET = "Айзада Токтогулова"


async def sealed_again(service: RunningService) -> int:
    """How many rows one walk through the tables seals again."""
    return (await rotate(service.database.keyring, PEOPLE, service.database.transaction)).sealed


async def test_what_comes_after_an_erasure_is_refused(field: Field) -> None:
    await field.submit(note=SECRET)
    await deliver(field.service, erased(field.monitor_id))
    late = await field.post(note=SECRET)
    assert (late.status_code, late.json()["code"]) == (409, "person_erased")
    silent = await field.post()
    assert silent.status_code == 409, "nor is it kept who made a visit"
    pool = field.service.database.pool
    assert SECRET not in await everything_in(pool)
    assert await pool.fetchval("SELECT count(*) FROM submission_monitor") == 0
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute(
            "INSERT INTO submission_monitor SELECT id, $1 FROM submission LIMIT 1", field.monitor_id
        )


async def test_a_write_under_way_is_waited_for_and_erased(field: Field) -> None:
    """It wrote before the erasure looked, and commits after it began."""
    sub = uuid4()
    async with field.service.unit_of_work(sub=sub, org=uuid4()) as uow:
        people = PersonalData(uow.sql, uow.principal, uow.keyring)
        await people.keep(people.seal(NOTE, SECRET, person=sub, object_id=uuid4(), now=uow.clock.now()))
        erasing = asyncio.create_task(deliver(field.service, erased(sub)))
        await asyncio.sleep(0.2)
        assert not erasing.done(), "it waits for who was first"
    assert (await erasing)["ok"] == 1
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0
    [told] = await field.events("monitoring.erasure.completed.v1")
    assert {"kind": "visit_note", "effect": "erased", "count": 1} in told["data"]["kinds"]


async def test_an_erasure_under_way_is_waited_for_and_obeyed(field: Field) -> None:
    """The tombstone is not yet committed when the write looks for it."""
    from shared.people.erasing import erase_person

    async with field.service.unit_of_work() as uow:
        await erase_person(uow, "monitoring", PEOPLE, field.monitor_id, uuid4())
        writing = asyncio.create_task(field.post(note=SECRET))
        await asyncio.sleep(0.2)
        assert not writing.done()
    assert (await writing).json()["code"] == "person_erased"
    assert SECRET not in await everything_in(field.service.database.pool)


async def test_many_writers_and_an_erasure_leave_nothing(field: Field) -> None:
    posts = [field.post(note=f"{SECRET} {number}") for number in range(12)]
    answers = await asyncio.gather(*posts[:6], deliver(field.service, erased(field.monitor_id)), *posts[6:])
    statuses = {answer.status_code for answer in answers if not isinstance(answer, dict)}
    assert statuses <= {201, 409}
    pool = field.service.database.pool
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 0
    assert await pool.fetchval("SELECT count(*) FROM submission_monitor") == 0


@pytest.fixture
async def with_keys(start_service: StartService, clock, tmp_path: Path) -> tuple[RunningService, Field, Path]:
    path = tmp_path / "people.json"
    service = await start_service(SPEC, clock=clock, people_keys=path)
    await tell(service, *world())
    field = Field(service)
    await field.open_campaign()
    return service, field, path


async def test_keys_are_changed_beside_writers(with_keys: tuple[RunningService, Field, Path]) -> None:
    service, field, path = with_keys
    notes = {}
    for number in range(5):
        visit = await field.submit(note=f"before {number}")
        notes[visit["id"]] = visit["note"]
    old = service.database.keyring.current
    new = add_key(path)
    operator = Keyring("monitoring", path)

    async def write(number: int) -> None:
        visit = await field.submit(note=f"meanwhile {number}")
        notes[visit["id"]] = visit["note"]

    async def turn() -> None:
        for _ in range(10):
            await rotate(operator, PEOPLE, service.database.transaction)
            await asyncio.sleep(0.01)

    await asyncio.gather(turn(), *(write(number) for number in range(10)))
    service.database.keyring.check()
    await rotate(operator, PEOPLE, service.database.transaction)
    async with service.database.read() as sql:
        used = await key_use(sql, PEOPLE)
    assert [(use.key_id, use.rows) for use in used] == [(new, 15)]
    remove_key(path, old)
    service.database.keyring.check()
    for identifier, note in notes.items():
        assert (await field.get(identifier))["note"] == note


async def test_a_rotation_that_was_cut_off_is_gone_on_with(
    with_keys: tuple[RunningService, Field, Path],
) -> None:
    service, field, path = with_keys
    for number in range(5):
        await field.submit(note=str(number))
    old = service.database.keyring.current
    add_key(path)
    service.database.keyring.check()

    async def killed() -> None:
        async with service.database.transaction() as sql:
            assert (await Pass(service.database.keyring, STORE).batch(sql, 3)).sealed == 3
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await killed()
    async with service.database.transaction() as sql:
        assert (await Pass(service.database.keyring, STORE).batch(sql, 2)).sealed == 2
    async with service.database.read() as sql:
        used = {use.key_id: use.rows for use in await key_use(sql, PEOPLE)}
    assert used == {old: 3, service.database.keyring.current: 2}
    assert await sealed_again(service) == 3


async def test_a_row_somebody_holds_is_left_for_the_next_run(
    with_keys: tuple[RunningService, Field, Path],
) -> None:
    service, field, path = with_keys
    for number in range(3):
        await field.submit(note=str(number))
    add_key(path)
    service.database.keyring.check()
    principal = field.service.unit_of_work().principal
    async with UnitOfWork(service.database, principal, service.runtime.clock) as uow:
        await uow.sql.execute("SELECT FROM personal_data ORDER BY id LIMIT 1 FOR UPDATE")
        assert await sealed_again(service) == 2
    assert await sealed_again(service) == 1


async def test_a_value_put_into_another_row_does_not_open(field: Field) -> None:
    """Whoever can write to the database still cannot show a note to others."""
    mine = await field.submit(note=SECRET)
    other = await field.submit(note="nothing")
    pool = field.service.database.pool
    await pool.execute(
        """UPDATE personal_data SET value = (SELECT value FROM personal_data WHERE object_id = $1)
           WHERE object_id = $2""",
        mine["id"],
        other["id"],
    )
    answer = await field.client.get(f"/v1/submissions/{other['id']}", headers=field.coordinator)
    assert answer.status_code == 200
    assert "note" not in answer.json()
    assert SECRET not in answer.text
    await pool.execute(
        "UPDATE personal_data SET organisation_id = $1 WHERE object_id = $2", uuid4(), mine["id"]
    )
    assert "note" not in await field.get(mine["id"])


async def test_a_row_nobody_can_open_costs_its_text_and_nothing_else(field: Field) -> None:
    """Its key is lost, as after a restore without the key file of that day."""
    lost, there = await field.submit(note=SECRET), await field.submit(note="read me")
    await field.service.database.pool.execute(
        "UPDATE personal_data SET key_id = '20200101T000000-abcdef' WHERE object_id = $1", lost["id"]
    )
    listed = await field.client.get("/v1/submissions", headers=field.coordinator)
    assert listed.status_code == 200
    assert {row["id"]: row.get("note") for row in listed.json()["items"]} == {
        lost["id"]: None,
        there["id"]: "read me",
    }


async def test_a_row_that_does_not_open_stops_no_rotation(
    with_keys: tuple[RunningService, Field, Path],
) -> None:
    service, field, path = with_keys
    visits = [await field.submit(note=str(number)) for number in range(4)]
    pool = service.database.pool
    await pool.execute(
        "UPDATE personal_data SET value = set_byte(value, 0, 255 - get_byte(value, 0)) WHERE object_id = $1",
        visits[0]["id"],
    )
    await pool.execute(
        "UPDATE personal_data SET key_id = '20200101T000000-abcdef' WHERE object_id = $1", visits[2]["id"]
    )
    new = add_key(path)
    service.database.keyring.check()
    done = await rotate(service.database.keyring, PEOPLE, service.database.transaction)
    assert (done.sealed, done.unreadable) == (2, 2)
    broken = {
        str(row["id"]) for row in await pool.fetch("SELECT id FROM personal_data WHERE key_id <> $1", new)
    }
    assert {word for row in done.named for word in broken if word in row} == broken
    assert "20200101T000000-abcdef" in "".join(done.named)
