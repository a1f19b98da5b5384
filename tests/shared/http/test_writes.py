"""The unit of work seen from outside: atomic, exactly once, never a lie."""

import asyncio
import itertools
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from shared.http.dependencies import IdempotencyKeyReused
from tests.kit.sample.spec import SPEC
from tests.kit.service import RunningService, StartService
from tests.shared.http.conftest import ORG, WRITE


async def counts(sample: RunningService) -> tuple[int, int, int]:
    row = await sample.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM note), (SELECT count(*) FROM event), (SELECT count(*) FROM audit)"
    )
    return tuple(row)


async def test_effect_event_and_audit_commit_together(sample: RunningService, writer):
    response = await sample.client.post("/v1/notes", json={"title": "суу", "rank": 3}, headers=writer)
    assert response.status_code == 201, response.text
    assert response.headers["etag"].startswith('"1.')
    assert await counts(sample) == (1, 1, 1)
    event = await sample.database.pool.fetchrow("SELECT * FROM event")
    assert event["key"] == response.json()["id"]
    assert event["traceparent"].split("-")[1] == (
        await sample.database.pool.fetchval("SELECT trace_id FROM audit")
    )


async def test_a_refused_use_case_leaves_nothing(sample: RunningService, writer):
    await sample.client.post("/v1/notes", json={"title": "жол"}, headers=writer)
    response = await sample.client.post("/v1/notes", json={"title": "жол"}, headers=writer)
    assert response.json()["code"] == "note_taken"
    assert await counts(sample) == (1, 1, 1)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_what_no_event_can_hold_is_refused_with_its_size(sample: RunningService, writer, language: str):
    response = await sample.client.post(
        "/v1/notes/announce", json={"title": "s"}, headers=writer | {"Accept-Language": language}
    )
    assert response.status_code == 422
    problem = response.json()
    assert (problem["code"], problem["event"], problem["max_bytes"]) == (
        "event_too_large",
        "sample.note.changed.v1",
        1_000_000,
    )
    assert str(problem["bytes"]) in problem["detail"]
    assert await counts(sample) == (0, 0, 0)


async def test_a_failing_commit_answers_5xx_and_stores_nothing(sample: RunningService, writer):
    await sample.database.pool.execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the commit fails'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON note
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    response = await sample.client.post("/v1/notes", json={"title": "жол"}, headers=writer)
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert await counts(sample) == (0, 0, 0)


async def test_a_swallowed_database_error_is_not_answered_with_success(sample: RunningService, writer):
    response = await sample.client.post("/v1/notes/swallow", json={"title": "жол"}, headers=writer)
    assert response.status_code >= 500
    again = await sample.client.post("/v1/notes", json={"title": "жол"}, headers=writer)
    assert again.status_code == 201, "the next request got a clean connection"


async def test_two_writers_of_one_version_get_one_412(sample: RunningService, writer):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    answers = await asyncio.gather(
        *(
            sample.client.put(
                f"/v1/notes/{note['id']}", json={"title": title}, headers=writer | {"If-Match": '"1"'}
            )
            for title in ("b", "c")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    stale = next(answer for answer in answers if answer.status_code == 412).json()
    assert stale["code"] == "stale"
    assert stale["current_version"] == 2
    assert (await counts(sample))[1] == 2


async def test_a_change_needs_the_version_that_was_read(sample: RunningService, writer):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    url = f"/v1/notes/{note['id']}"
    assert (await sample.client.put(url, json={"title": "b"}, headers=writer)).status_code == 428
    bad = await sample.client.put(url, json={"title": "b"}, headers=writer | {"If-Match": "yes"})
    assert bad.status_code == 400


async def test_twenty_posts_with_one_key_have_one_effect_and_one_answer(sample: RunningService, writer):
    keyed = writer | {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(sample.client.post("/v1/notes", json={"title": "суу"}, headers=keyed) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert await counts(sample) == (1, 1, 1)


async def test_a_key_belongs_to_its_request_and_its_subject(sample: RunningService, writer):
    keyed = writer | {"Idempotency-Key": "one-key-for-all"}
    assert (await sample.client.post("/v1/notes", json={"title": "a"}, headers=keyed)).status_code == 201
    other = await sample.client.post("/v1/notes", json={"title": "b"}, headers=keyed)
    assert other.json()["code"] == IdempotencyKeyReused.code
    stranger = sample.headers(WRITE, org=ORG) | {"Idempotency-Key": "one-key-for-all"}
    assert (await sample.client.post("/v1/notes", json={"title": "c"}, headers=stranger)).status_code == 201
    assert (await counts(sample))[0] == 2


async def test_a_key_belongs_to_the_organisation_acted_for(sample: RunningService):
    """One person, two organisations, the same body and key: both get what they asked for, and each its own again."""
    person = uuid4()
    acting = [
        sample.headers(WRITE, sub=person, **({"org": org} if org else {}))
        | {"Idempotency-Key": "one-key-two-orgs"}
        for org in (ORG, uuid4(), None)
    ]
    answers = [
        await sample.client.post("/v1/notes", json={"title": str(number)}, headers=headers)
        for number, headers in enumerate(acting)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201], answers[1].text
    assert len({answer.json()["id"] for answer in answers}) == 3
    for number, headers in enumerate(acting):
        again = await sample.client.post("/v1/notes", json={"title": str(number)}, headers=headers)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.content == answers[number].content
    assert (await counts(sample))[0] == 3


async def test_a_failed_request_leaves_its_key_free(sample: RunningService, writer):
    keyed = writer | {"Idempotency-Key": "again-and-again"}
    assert (await sample.client.post("/v1/notes", json={"title": ""}, headers=keyed)).status_code == 422
    assert (await sample.client.post("/v1/notes", json={"title": "a"}, headers=keyed)).status_code == 201


async def test_no_connection_free_is_503_with_retry_after(start_service: StartService):
    sample = await start_service(SPEC, database_acquire_timeout=timedelta(seconds=0.2))
    writer = sample.headers(WRITE, org=ORG)
    pool = sample.database.pool
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    try:
        answers = await asyncio.gather(
            sample.client.post("/v1/notes", json={"title": "a"}, headers=writer),
            sample.client.get("/v1/notes"),
        )
    finally:
        for connection in held:
            await pool.release(connection)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(answer.headers["retry-after"] for answer in answers)


async def test_a_lost_database_is_503_and_comes_back(sample: RunningService, writer):
    await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)
    await sample.database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(20):
        answer = await sample.client.post("/v1/notes", json={"title": f"b{uuid4()}"}, headers=writer)
        if answer.status_code == 201:
            return
        assert answer.status_code == 503, answer.text
    raise AssertionError("never came back")


async def test_connections_cut_at_any_moment_cost_a_503_and_nothing_else(sample: RunningService, writer):
    """Cut while idle, in a statement, between two, at the commit: what was acknowledged is there, once."""
    url = sample.database.url
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    knife = await asyncpg.connect(url)
    stop = asyncio.Event()
    acknowledged: list[str] = []
    statuses: Counter[int] = Counter()

    async def write() -> None:
        while not stop.is_set():
            title = f"b{uuid4()}"
            answer = await sample.client.post("/v1/notes", json={"title": title}, headers=writer)
            statuses[answer.status_code] += 1
            if answer.status_code == 201:
                acknowledged.append(title)
            elif answer.status_code != 503:
                pytest.fail(answer.text)
            await asyncio.sleep(0)

    async def read() -> None:
        while not stop.is_set():
            statuses[(await sample.client.get("/v1/notes")).status_code] += 1
            await asyncio.sleep(0)

    try:
        async with asyncio.TaskGroup() as group:
            for work in (write, write, write, write, read, read):
                group.create_task(work())
            for number in itertools.count():
                await asyncio.sleep(0.01 + number % 7 * 0.03)
                await knife.execute(cut)
                if number > 20 and min(statuses[200], statuses[201], statuses[503]) > 20:
                    break
            stop.set()
    finally:
        await knife.close()
    stored = {row["title"] for row in await sample.database.pool.fetch("SELECT title FROM note")}
    assert set(acknowledged) <= stored
    assert set(statuses) == {200, 201, 503}
