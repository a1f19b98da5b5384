"""The shop with a consumer in trouble, and what an operator does about it."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.broker import Broker
from shared.messaging.dead_letters import DeadLetters, list_letters
from shared.messaging.subscription import Consumer, Received, handles
from tests.shared.messaging.consuming import consuming, priced, publish, until_letters
from tests.shared.messaging.shop import (
    CLOCK,
    PRICED,
    PRINCIPAL,
    ItemPriced,
    Trouble,
    record_effect,
    until,
)


class TroubledShop:
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
