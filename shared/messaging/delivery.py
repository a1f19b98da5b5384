"""The transaction in which a consumer applies events: parked keys, inbox, handlers, dead letters. Knows no broker
and no retries."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging import inbox, parking
from shared.messaging.broker import Record
from shared.messaging.envelope import Undecodable, decode
from shared.messaging.parking import State
from shared.messaging.subscription import Consumer, Handler, Received, UnknownMajor


@dataclass(slots=True)
class Item:
    """A record, read as far as it can be read. Neither `received` nor `refusal`: not for this consumer."""

    record: Record
    received: Received[Any] | None = None
    handler: Handler[Any] | None = None
    refusal: Exception | None = None


def read(consumer: Consumer, record: Record) -> Item:
    """Decode and validate. What can never be handled comes back with its `refusal`."""
    try:
        envelope = decode(record.headers, record.value)
        subscription = consumer.subscription(envelope.type)
        if subscription is None:
            return Item(record)
        payload = subscription.event.payload.model_validate_json(envelope.value)
    except (Undecodable, UnknownMajor, ValidationError) as refusal:
        return Item(record, refusal=refusal)
    return Item(record, Received(envelope, payload), subscription.handler)


class Delivery:
    """Applies items of one consumer."""

    def __init__(self, consumer: Consumer, database: Database, principal: Principal, clock: Clock) -> None:
        self.consumer = consumer
        self._database = database
        self._principal = principal
        self._clock = clock

    async def apply(self, items: Sequence[Item]) -> Counter[str]:
        """All of them in one transaction; how many had which outcome. Raises what a handler raises."""
        received = [item for item in items if item.received is not None]
        refused = [item for item in items if item.refusal is not None]
        outcomes = Counter(skipped=len(items) - len(received) - len(refused))
        if not received and not refused:
            return outcomes
        async with self._unit_of_work(received) as uow:
            for item in refused:
                assert item.refusal is not None
                await parking.store(uow.sql, self.consumer.name, item.record, State.DEAD, item.refusal, 1)
            free, parked = await self._apart(uow, received)
            for item in parked:
                await parking.store(uow.sql, self.consumer.name, item.record, State.PARKED, KeyParked(), 0)
            fresh = await self._fresh(uow, free)
            for handler, events in runs(fresh):
                await handler(uow, events)
        outcomes.update(
            dead=len(refused), parked=len(parked), duplicate=len(free) - len(fresh), ok=len(fresh)
        )
        return outcomes

    async def give_up(self, item: Item, error: Exception, attempts: int) -> State:
        """Store an event that keeps failing: parked with its key where order matters, else dead."""
        state = State.PARKED if self.consumer.ordered and item.record.key is not None else State.DEAD
        async with self._database.transaction() as connection:
            if state is State.PARKED:
                await parking.park(connection, self.consumer.name, *parking.place(item.record))
            await parking.store(connection, self.consumer.name, item.record, state, error, attempts)
        return state

    def _unit_of_work(self, received: Sequence[Item]) -> UnitOfWork:
        first = received[0].received if received else None
        return UnitOfWork(self._database, self._principal, self._clock, first.trace if first else None)

    async def _apart(self, uow: UnitOfWork, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """(to be applied, of a parked key)."""
        if not self.consumer.ordered or not items:
            return items, []
        places = [parking.place(item.record) for item in items]
        parked = await parking.parked_keys(uow.sql, self.consumer.name, set(places))
        if not parked:
            return items, []
        return (
            [item for item, place in zip(items, places, strict=True) if place not in parked],
            [item for item, place in zip(items, places, strict=True) if place in parked],
        )

    async def _fresh(self, uow: UnitOfWork, items: list[Item]) -> list[Item]:
        """Those not applied before; of an event delivered twice in this batch the first."""
        if not items:
            return []
        claimed = await inbox.claim(uow.sql, self.consumer.name, [_event_id(item) for item in items])
        fresh: list[Item] = []
        for item in items:
            if _event_id(item) in claimed:
                claimed.discard(_event_id(item))
                fresh.append(item)
        return fresh


class KeyParked(Exception):
    """An earlier event of this key is waiting to be replayed."""

    def __str__(self) -> str:
        return str(self.__doc__)


def runs(items: Sequence[Item]) -> Iterator[tuple[Handler[Any], list[Received[Any]]]]:
    """Consecutive events of one handler together, so that the order of each key is kept."""
    for handler, group in groupby(items, key=lambda item: item.handler):
        assert handler is not None
        yield handler, [item.received for item in group if item.received is not None]


def _event_id(item: Item) -> UUID:
    assert item.received is not None
    return item.received.envelope.event_id
