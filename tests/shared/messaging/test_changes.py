import asyncio
import random
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.auth.principal import Kind, Principal, system_principal
from shared.db.database import Database
from shared.http.errors import BadRequest, Unavailable
from shared.ids import uuid7
from shared.messaging import changes
from shared.messaging.changes import Changes, Cursor, EpochChanged, Subject, read_changes
from shared.messaging.contract import Audience
from shared.messaging.event_row import envelope_from_json
from shared.messaging.sequencer import Sequencer, start_new_epoch
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.shop import CHECKED, PRICED, WITHDRAWN, in_order, price, price_many

EVERYTHING = Subject(service=True, internal=True)
ANYONE = Subject()


async def page(
    database: Database,
    after: Cursor | None = None,
    *,
    limit: int = 1000,
    subject: Subject = ANYONE,
    **more: Any,
) -> Changes:
    async with database.read() as connection:
        return await read_changes(connection, after, limit=limit, subject=subject, **more)


async def sequence(database: Database) -> None:
    one = Sequencer(database, Wakeup(database.url))
    while await one.step():
        pass


def events(found: Changes) -> list[dict[str, Any]]:
    return [orjson.loads(event) for event in found.events]


async def test_is_gap_free_and_in_order_while_ten_writers_commit_late(database: Database) -> None:
    items = [uuid7() for _ in range(15)]
    written: set[UUID] = set()
    writing = True

    async def writer() -> None:
        for _ in range(25):
            event_id = await price(database, random.choice(items), delay=random.uniform(0, 0.01))
            written.add(event_id)

    async def sequencer() -> None:
        one = Sequencer(database, Wakeup(database.url))
        while writing:
            await one.step()
            await asyncio.sleep(0.002)
        await sequence(database)

    async def reader() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            last_round = not writing and running.done()
            try:
                result = await page(database, after, limit=17)
            except Unavailable:
                continue
            after = result.next
            found += events(result)
            if last_round and not result.more:
                return found

    running = asyncio.create_task(sequencer())
    reading = asyncio.create_task(reader())
    await asyncio.gather(*(writer() for _ in range(10)))
    writing = False
    await running
    found = await asyncio.wait_for(reading, 20)
    assert [event["position"] for event in found] == list(range(1, 251))
    assert {UUID(event["id"]) for event in found} == written
    assert in_order([(UUID(e["subject"]), e["data"]["aggregate_version"]) for e in found])
    stored = await database.pool.fetch("SELECT event_id FROM event ORDER BY position")
    assert [UUID(event["id"]) for event in found] == [row["event_id"] for row in stored]


async def test_an_event_is_a_cloudevent_with_its_payload_unchanged(database: Database) -> None:
    event_id = await price(database, uuid7(), 3, note='Баасы "3" сом \\ \u2028 ө')
    await sequence(database)
    (encoded,) = (await page(database)).events
    read = from_structured(
        HTTPMessage({"content-type": "application/cloudevents+json"}, encoded), JSONFormat(), CloudEvent
    )
    assert read.get_id() == str(event_id)
    assert read.get_type() == PRICED.name
    value = await database.pool.fetchval("SELECT value FROM event")
    assert value in encoded
    assert envelope_from_json(orjson.loads(encoded)).data() == orjson.loads(value)
    assert "recipients" not in orjson.loads(encoded)


async def test_the_body_is_json(database: Database) -> None:
    await price_many(database, 3)
    await sequence(database)
    body = orjson.loads((await page(database, limit=2)).body())
    assert [item["position"] for item in body["items"]] == [1, 2]
    assert body["more"] is True
    rest = orjson.loads((await page(database, Cursor.parse(body["next"]), limit=2)).body())
    assert [item["position"] for item in rest["items"]] == [3]
    assert rest["more"] is False
    assert rest["next"].endswith("-3")


class TestVisibility:
    @pytest.fixture
    async def organisation(self, database: Database) -> UUID:
        organisation = uuid4()
        await price(database, uuid7())
        await price(database, uuid7(), audience=Audience.ORGANISATIONS, recipients=[uuid4(), organisation])
        await price(database, uuid7(), audience=Audience.ORGANISATIONS, recipients=[uuid4()])
        await price(database, uuid7(), audience=Audience.INTERNAL)
        await price(database, uuid7(), audience=Audience.ORGANISATIONS)
        await sequence(database)
        return organisation

    def principal(self, kind: Kind, organisation: UUID | None, *scopes: str) -> Principal:
        return Principal(uuid4(), kind, organisation, scopes=frozenset(scopes))

    @pytest.mark.parametrize(
        ("kind", "own", "scope", "visible"),
        [
            (Kind.ANONYMOUS, False, None, [1]),
            (Kind.PERSON, False, None, [1]),
            (Kind.PERSON, True, None, [1, 2]),
            (Kind.SYSTEM, True, "events:internal", [1, 2]),
            (Kind.SERVICE, False, None, [1, 2, 3, 5]),
            (Kind.SERVICE, False, "events:internal", [1, 2, 3, 4, 5]),
        ],
    )
    async def test_of_each_row(
        self,
        database: Database,
        organisation: UUID,
        kind: Kind,
        own: bool,
        scope: str | None,
        visible: list[int],
    ) -> None:
        principal = self.principal(kind, organisation if own else None, *([scope] if scope else []))
        found = await page(database, subject=Subject.of(principal))
        assert [event["position"] for event in events(found)] == visible
        assert found.next.position == 5
        assert not found.more

    async def test_recipients_are_shown_to_services_only(
        self, database: Database, organisation: UUID
    ) -> None:
        service = Subject.of(system_principal("x", uuid4()))
        assert all("recipients" in e for e in events(await page(database, subject=service))[1:3])
        shown = events(await page(database, subject=Subject(organisation=organisation)))
        assert not any("recipients" in event for event in shown)


async def test_a_page_without_anything_visible_still_gives_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SCAN", 10)
    for _ in range(25):
        await price(database, uuid7(), audience=Audience.INTERNAL)
    await price(database, uuid7())
    await sequence(database)
    found, after = [], None
    for _ in range(3):
        result = await page(database, after)
        found.append((len(result.events), result.next.position, result.more))
        after = result.next
    assert found == [(0, 10, True), (0, 20, True), (1, 26, False)]


async def test_only_the_wanted_types(database: Database) -> None:
    item = uuid7()
    await price(database, item)
    await price(database, item, withdraw=True)
    await price(database, item)
    await sequence(database)
    found = await page(database, types=[WITHDRAWN.name])
    assert [event["position"] for event in events(found)] == [2]
    assert found.next.position == 3
    assert events(await page(database, types=[CHECKED.name])) == []


async def test_a_page_of_large_events_ends_early(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):
        await price(database, uuid7(), note="x" * 900_000)
    await sequence(database)
    first = await page(database)
    assert [event["position"] for event in events(first)] == list(range(1, 10))
    assert first.more
    second = await page(database, first.next)
    assert [event["position"] for event in events(second)] == [10]
    assert not second.more


async def test_at_the_end_it_waits_for_more(database: Database) -> None:
    await price_many(database, 2)
    await sequence(database)
    end = await page(database)
    assert (await page(database, end.next)).events == []
    await price(database, uuid7())
    assert (await page(database, end.next)).events == []  # committed, but without a position yet
    await sequence(database)
    assert [event["position"] for event in events(await page(database, end.next))] == [3]


async def test_before_the_first_sequencer_it_is_not_ready(database: Database) -> None:
    with pytest.raises(Unavailable):
        await page(database)


SOME = "0198a5b2-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "text", ["", "-", "5", "x-5", SOME, f"{SOME}-", f"{SOME}--1", f"{SOME}-1e3", f"{{{SOME}}}-1", f"{SOME}-١"]
)
def test_a_malformed_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as raised:
        Cursor.parse(text)
    assert raised.value.code == "invalid_cursor"


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(uuid4(), 12)
    assert Cursor.parse(str(cursor)) == cursor


class TestEpochs:
    async def test_a_cursor_of_an_earlier_life_is_gone(self, database: Database) -> None:
        await price_many(database, 5)
        await sequence(database)
        ahead, behind = await page(database), await page(database, limit=2)
        await database.pool.execute("DELETE FROM event WHERE position > 3")  # what a restore takes away
        await start_new_epoch(database)
        with pytest.raises(EpochChanged) as raised:
            await page(database, ahead.next)
        assert raised.value.status == 410
        assert raised.value.parameters["last_common_position"] == 3
        with pytest.raises(EpochChanged) as raised:
            await page(database, behind.next)
        assert raised.value.parameters["last_common_position"] == 2
        restart = Cursor.parse(raised.value.parameters["next"])
        assert [event["position"] for event in events(await page(database, restart))] == [3]

    async def test_a_cursor_of_an_unknown_life_has_nothing_in_common(self, database: Database) -> None:
        await price_many(database, 5)
        await sequence(database)
        with pytest.raises(EpochChanged) as raised:
            await page(database, Cursor(uuid4(), 3))
        assert raised.value.parameters["last_common_position"] == 0

    async def test_a_cursor_ahead_of_the_table_betrays_a_restore(self, database: Database) -> None:
        await price_many(database, 5)
        await sequence(database)
        end = await page(database)
        await database.pool.execute("DELETE FROM event WHERE position > 3")
        with pytest.raises(EpochChanged) as raised:
            await page(database, end.next)
        assert raised.value.parameters["last_common_position"] == 3
