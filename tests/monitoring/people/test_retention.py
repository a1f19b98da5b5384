"""The hourly job: what is past its time goes, in batches, and the trail says how much."""

import asyncio
from datetime import timedelta

import pytest

from services.monitoring.spec import SPEC
from shared.clock import FixedClock
from shared.jobs.runner import JobRunner
from shared.jobs.store import enqueue
from shared.people import retention
from shared.people.retention import EXPIRE, SEAL
from shared.worker import jobs_of, service_principal
from tests.monitoring.field import Field


async def run(field: Field, kind: str) -> dict:
    """One run of a job of the kit; its result."""
    pool = field.service.database.pool
    runner = JobRunner(
        field.service.database,
        jobs_of(SPEC),
        principal=service_principal(SPEC),
        clock=field.service.runtime.clock,
    )
    async with field.service.database.read() as sql:
        job = await enqueue(sql, kind, {})
    running = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(20):
            while (row := await pool.fetchrow("SELECT * FROM job WHERE id = $1", job))["state"] != "done":
                assert row["state"] != "failed", row["error"]
                await asyncio.sleep(0.02)
    finally:
        await runner.stop()
        await running
    found: dict = row["result"]
    return found


async def test_notes_go_when_their_time_is_over(
    field: Field, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    pool = field.service.database.pool
    for number in range(5):
        await field.submit(note=f"old {number}")
    clock.moment += timedelta(days=400)
    field.renew()
    kept = await field.submit(note="newer")
    clock.moment += timedelta(days=329)
    assert await run(field, EXPIRE) == {"removed": {}}
    clock.moment += timedelta(days=1)
    assert await run(field, EXPIRE) == {"removed": {"visit_note": 5}}
    field.renew()
    assert (await field.get(kept["id"]))["note"] == "newer"
    audited = await pool.fetch("SELECT after FROM audit WHERE action = 'personal_data.expire'")
    assert [row["after"] for row in audited] == [{"visit_note": 2}, {"visit_note": 2}, {"visit_note": 1}]


def test_what_is_past_its_time_stays_an_hour_longer_at_most() -> None:
    assert jobs_of(SPEC)[EXPIRE].every == timedelta(hours=1)


async def test_answers_kept_for_repeated_requests_go_after_a_day(field: Field, clock: FixedClock) -> None:
    await field.post({**field.monitor, "Idempotency-Key": "visit-of-monday"})
    pool = field.service.database.pool
    await pool.execute("UPDATE idempotency SET created_at = $1", clock.moment - timedelta(hours=23))
    assert await run(field, EXPIRE) == {"removed": {}}
    await pool.execute("UPDATE idempotency SET created_at = $1", clock.moment - timedelta(hours=24))
    assert await run(field, EXPIRE) == {"removed": {"kept_answers": 1}}


async def test_revoked_credentials_are_forgotten_when_no_token_of_theirs_can_be_left(
    field: Field, clock: FixedClock
) -> None:
    pool = field.service.database.pool
    await pool.execute(
        """INSERT INTO revoked_credential (cid, forget_at)
           SELECT gen_random_uuid(), $1::timestamptz + hour * interval '1 hour' FROM generate_series(-30, 2) AS hour""",
        clock.now(),
    )
    assert await run(field, EXPIRE) == {"removed": {"revoked_credentials": 7}}
    assert await pool.fetchval("SELECT min(forget_at) FROM revoked_credential") == clock.now() - timedelta(
        hours=23
    )


async def test_what_a_migration_left_in_clear_is_sealed(field: Field) -> None:
    visit = await field.submit(note="Айзада")
    pool = field.service.database.pool
    await pool.execute("UPDATE personal_data SET key_id = '', value = convert_to('Айзада', 'UTF8')")
    assert (await field.get(visit["id"]))["note"] == "Айзада"
    assert await run(field, SEAL) == {"sealed": 1, "unreadable": 0}
    row = await pool.fetchrow("SELECT key_id, value FROM personal_data")
    assert row["key_id"] == field.service.database.keyring.current
    assert "Айзада".encode() not in row["value"]
    assert (await field.get(visit["id"]))["note"] == "Айзада"


async def test_what_nobody_can_open_is_passed_over_and_counted(field: Field) -> None:
    lost, clear = await field.submit(note="lost"), await field.submit(note="clear")
    pool = field.service.database.pool
    await pool.execute("UPDATE personal_data SET key_id = 'lost' WHERE object_id = $1", lost["id"])
    await pool.execute(
        "UPDATE personal_data SET key_id = '', value = convert_to('clear', 'UTF8') WHERE object_id = $1",
        clear["id"],
    )
    assert await run(field, SEAL) == {"sealed": 1, "unreadable": 1}
    assert (await field.get(clear["id"]))["note"] == "clear"
