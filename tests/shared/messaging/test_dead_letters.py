"""Replaying and discarding, as functions and as commands."""

import argparse
import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import orjson
import pytest

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.broker import Broker, Outgoing
from shared.messaging.cli import Console, add_commands, run_command
from shared.messaging.dead_letters import (
    AlreadySettled,
    DeadLetters,
    LetterNotFound,
    NotHandled,
    ReplayFailed,
    count_open,
    list_letters,
)
from shared.messaging.local import LocalBroker
from shared.messaging.sequencer import Sequencer
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.consuming import consuming, letters, priced, publish, until_letters
from tests.shared.messaging.shop import (
    CLOCK,
    PRICED,
    PRINCIPAL,
    ItemPriced,
    Trouble,
    effects,
    in_order,
    record_effect,
    until,
)


class Shop:
    """A consumer in trouble, and what an operator does about it."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self.database = database
        self.broker = broker
        self.trouble = Trouble(ValueError("cannot"), versions={2})
        self.traces: list[str | None] = []
        self.consumer = self.made()

    def made(self, *, ordered: bool = True) -> Consumer:
        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            self.traces.append(uow.trace.traceparent)
            await record_effect(uow, events)
            self.trouble.maybe_raise(events)

        self.consumer = Consumer("troubled", (handles(PRICED, handler),), ordered=ordered)
        return self.consumer

    @property
    def operator(self) -> DeadLetters:
        return DeadLetters(self.database, [self.consumer], PRINCIPAL, CLOCK)

    async def fail(self, item: UUID, last: int = 4) -> list[int]:
        """Events 1 … last of an item, of which 2 fails; ids of the letters."""
        async with consuming(self.consumer, self.database, self.broker) as loop:
            await publish(self.broker, *(priced(item, version) for version in range(1, last + 1)))
            await until_letters(self.database, 1, 30)
            await until(loop.caught_up, 30)
        async with self.database.read() as connection:
            return [letter.id for letter in await list_letters(connection)]

    async def audit(self) -> list[tuple[str, UUID]]:
        rows = await self.database.pool.fetch("SELECT action, object_id FROM audit ORDER BY id")
        return [(row["action"], row["object_id"]) for row in rows]


@pytest.fixture
def shop(database: Database, broker: LocalBroker) -> Shop:
    return Shop(database, broker)


class TestReplay:
    async def test_of_a_dead_letter_after_the_fix(self, shop: Shop) -> None:
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
        shop, item = Shop(database, either), uuid7()
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

    async def test_while_events_of_the_key_keep_coming(self, shop: Shop) -> None:
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

    async def test_at_its_end_the_consumer_waits_and_then_applies(self, shop: Shop) -> None:
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

    async def test_that_fails_again_changes_nothing(self, shop: Shop) -> None:
        ids = await shop.fail(uuid7())
        shop.trouble.error = KeyError("still")
        with pytest.raises(ReplayFailed, match="KeyError"):
            await shop.operator.replay(ids[0])
        assert [state for state, _ in await letters(shop.database)] == ["parked"] * 3
        assert len(await effects(shop.database)) == 1
        row = await shop.database.pool.fetchrow("SELECT error_type, attempts FROM dead_letter ORDER BY id")
        assert tuple(row or ()) == ("KeyError", 4)
        assert await shop.audit() == []

    async def test_goes_through_the_inbox(self, shop: Shop) -> None:
        item = uuid7()
        ids = await shop.fail(item)
        await shop.database.pool.execute(
            "INSERT INTO inbox (consumer, event_id) SELECT consumer, event_id FROM dead_letter WHERE id = $1",
            ids[0],
        )
        assert await shop.operator.replay(ids[0]) == 3
        assert [version for _, version in await effects(shop.database)] == [1, 3, 4]

    async def test_twice_at_once_is_done_once(self, shop: Shop) -> None:
        shop.made(ordered=False)
        (letter,) = await shop.fail(uuid7())
        shop.trouble.error = None
        results = await asyncio.gather(
            *(shop.operator.replay(letter) for _ in range(4)), return_exceptions=True
        )
        assert sorted(map(str, results))[:1] == ["1"]
        assert sum(isinstance(result, AlreadySettled) for result in results) == 3
        assert len(await effects(shop.database)) == 4

    async def test_continues_the_trace_of_the_event(self, shop: Shop) -> None:
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

    async def test_of_what_is_not_there_or_not_handled(self, shop: Shop) -> None:
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
    async def test_is_final_and_audited(self, shop: Shop) -> None:
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

    async def test_of_the_poison_lets_the_rest_of_the_key_be_replayed(self, shop: Shop) -> None:
        item = uuid7()
        ids = await shop.fail(item)
        await shop.operator.discard(ids[0], "poison")
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 1
        assert await shop.operator.replay(ids[1]) == 2
        assert [version for _, version in await effects(shop.database)] == [1, 3, 4]
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 0

    async def test_of_the_last_one_frees_the_key(self, shop: Shop) -> None:
        (letter,) = await shop.fail(uuid7(), last=2)
        await shop.operator.discard(letter, "poison")
        assert await shop.database.pool.fetchval("SELECT count(*) FROM parked_key") == 0

    async def test_of_one_whose_record_comes_again(self, shop: Shop) -> None:
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

    async def test_of_a_parked_key_whose_records_come_again(self, shop: Shop) -> None:
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
        self, shop: Shop, topic: Callable[[], Awaitable[None]], ordered: bool
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
        self, shop: Shop, topic: Callable[[], Awaitable[None]]
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
        self, shop: Shop, topic: Callable[[], Awaitable[None]]
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
        self, shop: Shop, topic: Callable[[], Awaitable[None]]
    ) -> None:
        await topic()
        await self.deliver(shop, uuid7(), 2)
        for _ in range(2):
            await read_again(shop.broker)
            async with consuming(shop.consumer, shop.database, shop.broker) as loop:
                await until(loop.caught_up)
        assert len(await letters(shop.database)) == 1

    async def deliver(self, shop: Shop, item: UUID, version: int) -> None:
        async with consuming(shop.consumer, shop.database, shop.broker) as loop:
            await publish(shop.broker, priced(item, version))
            await until(loop.caught_up)


async def letter_ids(database: Database) -> list[int]:
    async with database.read() as connection:
        return [letter.id for letter in await list_letters(connection, settled=True)]


class TestCommands:
    async def run(self, shop: Shop, *words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(required=True))
        out = io.StringIO()
        console = Console(shop.database, [shop.consumer], PRINCIPAL, CLOCK, out)
        return await run_command(console, parser.parse_args(words)), out.getvalue()

    async def test_list_show_replay(self, shop: Shop) -> None:
        ids = await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", "list")
        assert code == 0
        assert [line.split("\t")[:3] for line in text.splitlines()[1:]] == [
            [str(letter), "parked", "troubled"] for letter in ids
        ]
        code, text = await self.run(shop, "dead-letters", "show", str(ids[0]))
        shown = orjson.loads(text)
        assert (shown["error"], shown["headers"]["ce_type"]) == ("cannot", PRICED.name)
        assert "value" not in shown
        shop.trouble.error = None
        code, text = await self.run(shop, "dead-letters", "replay", "--id", str(ids[0]))
        assert (code, text) == (0, f"replayed\t{ids[0]}\t3 events\n")
        assert (await self.run(shop, "dead-letters", "list"))[1].count("\n") == 1
        assert (await self.run(shop, "dead-letters", "list", "--all"))[1].count("\treplayed\t") == 3

    async def test_showing_the_content_is_audited(self, shop: Shop) -> None:
        ids = await shop.fail(uuid7())
        _, text = await self.run(shop, "dead-letters", "show", str(ids[0]), "--value")
        assert orjson.loads(orjson.loads(text)["value"])["aggregate_version"] == 2
        assert [action for action, _ in await shop.audit()] == ["dead_letter.value_shown"]

    async def test_replay_of_a_consumer_tries_each_key_once(self, shop: Shop) -> None:
        for _ in range(3):
            await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", "replay", "--consumer", "troubled")
        assert code == 1
        assert text.count("error:") == 3
        shop.trouble.error = None
        code, text = await self.run(shop, "dead-letters", "replay", "--consumer", "troubled")
        assert code == 0
        assert text.count("3 events") == 3
        assert in_order(await effects(shop.database))

    async def test_discard_and_errors(self, shop: Shop) -> None:
        ids = await shop.fail(uuid7())
        code, _ = await self.run(shop, "dead-letters", "discard", "--id", str(ids[0]), "--reason", "x")
        assert code == 0
        code, text = await self.run(shop, "dead-letters", "discard", "--id", str(ids[0]), "--reason", "x")
        assert code == 1
        assert "replayed or discarded before" in text
        assert (await self.run(shop, "dead-letters", "show", "4711"))[0] == 1

    @pytest.mark.parametrize("action", ["list", "replay"])
    async def test_a_consumer_that_is_not_there_is_said(self, shop: Shop, action: str) -> None:
        await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", action, "--consumer", "trubled")
        assert (code, text) == (1, "error: there is no consumer trubled; there are: troubled\n")

    async def test_epoch(self, shop: Shop) -> None:
        assert (await self.run(shop, "epoch", "show"))[0] == 1
        await Sequencer(shop.database, Wakeup(shop.database.url)).step()
        _, first = await self.run(shop, "epoch", "show")
        code, second = await self.run(shop, "epoch", "renew")
        assert code == 0
        assert first != second == (await self.run(shop, "epoch", "show"))[1]


async def test_open_letters_are_counted_by_consumer(shop: Shop) -> None:
    ids = await shop.fail(uuid7())
    await shop.operator.discard(ids[0], "one")
    async with shop.database.read() as connection:
        assert await count_open(connection) == {"troubled": 2}
