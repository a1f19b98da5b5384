"""Replaying and discarding."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.broker import Broker, Outgoing
from shared.messaging.dead_letters import (
    AlreadySettled,
    LetterNotFound,
    NotHandled,
    ReplayFailed,
    count_open,
    list_letters,
)
from shared.messaging.local import LocalBroker
from shared.messaging.subscription import Consumer
from tests.shared.messaging.consuming import consuming, letters, priced, publish, until_letters
from tests.shared.messaging.shop import (
    PRICED,
    effects,
    in_order,
    until,
)
from tests.shared.messaging.troubled import TroubledShop


class TestReplay:
    async def test_of_a_dead_letter_after_the_fix(self, shop: TroubledShop) -> None:
        shop.made(ordered=False)
        item = uuid7()
        (letter,) = await shop.fail(item)
        shop.trouble.error = None
        assert await shop.operator.replay(letter) == 1
        assert sorted(await effects(shop.database)) == [(item, 1), (item, 2), (item, 3), (item, 4)]
        assert [state for state, _ in await letters(shop.database)] == ["replayed"]
        event_id = await shop.database.pool.fetchval("SELECT event_id FROM dead_letter")
        assert await shop.audit() == [("dead_letter.replayed", event_id)]

    async def test_of_a_parked_key_keeps_its_order_and_frees_it(
        self, database: Database, either: Broker
    ) -> None:
        shop, item = TroubledShop(database, either), uuid7()
        ids = await shop.fail(item, last=6)
        assert len(ids) == 5
        shop.trouble.error = None
        assert await shop.operator.replay(ids[-1]) == 5
        assert in_order(await effects(shop.database))
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 0
        assert [action for action, _ in await shop.audit()] == ["dead_letter.replayed"] * 5
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            await publish(shop.broker, priced(item, 7))
            await until(loop.caught_up, 30)
        assert (await effects(shop.database))[-1] == (item, 7)

    async def test_while_events_of_the_key_keep_coming(self, shop: TroubledShop) -> None:
        item = uuid7()
        ids = await shop.fail(item, last=40)
        shop.trouble.error = None
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:

            async def more() -> None:
                for version in range(41, 140):
                    await publish(shop.broker, priced(item, version))

            _, replayed = await asyncio.gather(more(), shop.operator.replay(ids[0]))
            await until(loop.caught_up)
        assert replayed >= 39
        assert len(await effects(shop.database)) == 139
        assert in_order(await effects(shop.database))

    async def test_at_its_end_the_consumer_waits_and_then_applies(self, shop: TroubledShop) -> None:
        """An event that comes while the key is being freed is neither parked for ever nor early."""
        item = uuid7()
        await shop.fail(item, last=2)
        shop.trouble.error = None
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            async with shop.database.transaction() as freeing:
                await freeing.execute("DELETE FROM parked_key")
                await publish(shop.broker, priced(item, 3))
                await until(lambda: _waiting_for_a_lock(shop.database))
            await until(loop.caught_up)
        assert (await effects(shop.database))[-1] == (item, 3)
        assert len(await letters(shop.database)) == 1

    async def test_that_fails_again_changes_nothing(self, shop: TroubledShop) -> None:
        ids = await shop.fail(uuid7())
        shop.trouble.error = KeyError("still")
        with pytest.raises(ReplayFailed, match="KeyError"):
            await shop.operator.replay(ids[0])
        assert [state for state, _ in await letters(shop.database)] == ["parked"] * 3
        assert len(await effects(shop.database)) == 1
        row = await shop.database.pool.fetchrow("SELECT error_type, attempts FROM dead_letter ORDER BY id")
        assert tuple(row or ()) == ("KeyError", 4)
        assert await shop.audit() == []

    async def test_goes_through_the_inbox(self, shop: TroubledShop) -> None:
        item = uuid7()
        ids = await shop.fail(item)
        await shop.database.pool.execute(
            "INSERT INTO inbox (consumer, event_id) SELECT consumer, event_id FROM dead_letter WHERE id = $1",
            ids[0],
        )
        assert await shop.operator.replay(ids[0]) == 3
        assert [version for _, version in await effects(shop.database)] == [1, 3, 4]

    async def test_twice_at_once_is_done_once(self, shop: TroubledShop) -> None:
        shop.made(ordered=False)
        (letter,) = await shop.fail(uuid7())
        shop.trouble.error = None
        results = await asyncio.gather(
            *(shop.operator.replay(letter) for _ in range(4)), return_exceptions=True
        )
        assert sorted(map(str, results))[:1] == ["1"]
        assert sum(isinstance(result, AlreadySettled) for result in results) == 3
        assert len(await effects(shop.database)) == 4

    async def test_continues_the_trace_of_the_event(self, shop: TroubledShop) -> None:
        shop.made(ordered=False)
        traceparent = f"00-{'c' * 32}-{'d' * 16}-01"
        async with consuming(shop.consumer, shop.database, shop.broker):
            await publish(shop.broker, priced(uuid7(), 2, traceparent=traceparent))
            await until_letters(shop.database, 1)
        shop.trouble.error = None
        shop.traces.clear()
        await shop.operator.replay(await shop.database.pool.fetchval("SELECT id FROM dead_letter"))
        assert [trace.split("-")[1] for trace in shop.traces if trace] == ["c" * 32]
        assert await shop.database.pool.fetchval("SELECT trace_id FROM audit") == "c" * 32

    async def test_of_what_is_not_there_or_not_handled(self, shop: TroubledShop) -> None:
        with pytest.raises(LetterNotFound):
            await shop.operator.replay(99)
        ids = await shop.fail(uuid7())
        shop.consumer = Consumer("another", shop.consumer.handlers)
        with pytest.raises(NotHandled):
            await shop.operator.replay(ids[0])


async def _waiting_for_a_lock(database: Database) -> bool:
    return bool(
        await database.pool.fetchval(
            """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'"""
        )
    )


class TestDiscard:
    async def test_is_final_and_audited(self, shop: TroubledShop) -> None:
        shop.made(ordered=False)
        (letter,) = await shop.fail(uuid7())
        await shop.operator.discard(letter, "never meant to be sent")
        assert [state for state, _ in await letters(shop.database)] == ["discarded"]
        with pytest.raises(AlreadySettled):
            await shop.operator.replay(letter)
        with pytest.raises(AlreadySettled):
            await shop.operator.discard(letter, "again")
        after = await shop.database.pool.fetchval("SELECT after FROM audit")
        assert after["reason"] == "never meant to be sent"

    async def test_of_the_poison_lets_the_rest_of_the_key_be_replayed(self, shop: TroubledShop) -> None:
        item = uuid7()
        ids = await shop.fail(item)
        await shop.operator.discard(ids[0], "poison")
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 1
        assert await shop.operator.replay(ids[1]) == 2
        assert [version for _, version in await effects(shop.database)] == [1, 3, 4]
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 0

    async def test_of_the_last_one_frees_the_key(self, shop: TroubledShop) -> None:
        (letter,) = await shop.fail(uuid7(), last=2)
        await shop.operator.discard(letter, "poison")
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 0

    async def test_of_one_whose_record_comes_again(self, shop: TroubledShop) -> None:
        """An operator's word counts for the event, not for one delivery of it."""
        shop.made(ordered=False)
        item = uuid7()
        (letter,) = await shop.fail(item)
        await shop.operator.discard(letter, "withdrawn")
        shop.trouble.error = None
        await read_again(shop.broker)
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            await until(loop.caught_up)
        assert sorted(await effects(shop.database)) == [(item, 1), (item, 3), (item, 4)]
        assert [state for state, _ in await letters(shop.database)] == ["discarded"]

    async def test_of_a_parked_key_whose_records_come_again(self, shop: TroubledShop) -> None:
        item = uuid7()
        first, second = await shop.fail(item, last=3)
        await shop.operator.discard(first, "withdrawn")
        await shop.operator.discard(second, "withdrawn, too")
        shop.trouble.error = None
        await read_again(shop.broker)
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            await until(loop.caught_up)
        assert await effects(shop.database) == [(item, 1)]


async def read_again(broker: Broker) -> None:
    """Every group begins with the first record, as when offsets are reset or lost."""
    assert isinstance(broker, LocalBroker)
    await broker._running().execute("TRUNCATE group_offset")


class TestSamePlace:
    """Offsets of a topic that was made again, or of another broker, begin at nought: a letter's place is no name."""

    @pytest.fixture
    def topic(self, broker_url: str, broker: LocalBroker) -> Callable[[], Awaitable[None]]:
        async def make_again() -> None:
            connection = await asyncpg.connect(broker_url)
            await connection.execute("TRUNCATE partition, record, group_offset")
            await connection.close()
            await broker.ensure_topics({PRICED.topic: 1})

        return make_again

    @pytest.mark.parametrize("ordered", [True, False])
    async def test_another_event_is_kept(
        self, shop: TroubledShop, topic: Callable[[], Awaitable[None]], ordered: bool
    ) -> None:
        shop.made(ordered=ordered)
        item = uuid7()
        await topic()
        shop.trouble.versions = {5, 6}
        await self.deliver(shop, item, 5)
        (letter,) = await letter_ids(shop.database)
        shop.trouble.error = None
        await shop.operator.replay(letter)
        shop.trouble.error = ValueError("cannot")
        await topic()
        await self.deliver(shop, item, 6)
        assert [state for state, _ in await letters(shop.database)] == [
            "replayed",
            "parked" if ordered else "dead",
        ]
        shop.trouble.error = None
        await shop.operator.replay((await letter_ids(shop.database))[-1])
        assert await effects(shop.database) == [(item, 5), (item, 6)]

    async def test_of_a_parked_key_what_came_first_is_replayed_first(
        self, shop: TroubledShop, topic: Callable[[], Awaitable[None]]
    ) -> None:
        other, item = uuid7(), uuid7()
        await topic()
        shop.trouble.versions = {2}
        await self.deliver(shop, other, 1)
        await self.deliver(shop, item, 2)
        await topic()
        await self.deliver(shop, item, 3)
        shop.trouble.error = None
        assert await shop.operator.replay((await letter_ids(shop.database))[0]) == 2
        assert await effects(shop.database) == [(other, 1), (item, 2), (item, 3)]

    async def test_other_records_that_cannot_be_read_are_kept(
        self, shop: TroubledShop, topic: Callable[[], Awaitable[None]]
    ) -> None:
        for value in (b"{}", b"[]", b""):
            await topic()
            async with consuming(shop.consumer, shop.database, shop.broker) as loop:
                await publish(shop.broker, Outgoing(PRICED.topic, b"k", value))
                await until(loop.caught_up)
        assert await shop.database.pool.fetch("SELECT value FROM dead_letter ORDER BY id") == [
            (b"{}",),
            (b"[]",),
            (b"",),
        ]

    async def test_the_same_record_is_kept_once(
        self, shop: TroubledShop, topic: Callable[[], Awaitable[None]]
    ) -> None:
        await topic()
        await self.deliver(shop, uuid7(), 2)
        for _ in range(2):
            await read_again(shop.broker)
            async with consuming(shop.consumer, shop.database, shop.broker) as loop:
                await until(loop.caught_up)
        assert len(await letters(shop.database)) == 1

    async def deliver(self, shop: TroubledShop, item: UUID, version: int) -> None:
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            await publish(shop.broker, priced(item, version))
            await until(loop.caught_up)


async def letter_ids(database: Database) -> list[int]:
    async with database.read() as connection:
        return [letter.id for letter in await list_letters(connection, settled=True)]


async def test_open_letters_are_counted_by_consumer(shop: TroubledShop) -> None:
    ids = await shop.fail(uuid7())
    await shop.operator.discard(ids[0], "one")
    async with shop.database.read() as connection:
        assert await count_open(connection) == {"troubled": 2}
