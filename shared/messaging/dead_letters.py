"""What an operator does with dead letters and parked keys: list, show, replay, discard. Every change is audited."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import Connection, Database
from shared.db.unit_of_work import Trace, UnitOfWork
from shared.http.errors import Conflict, NotFound
from shared.ids import seed_id
from shared.messaging import inbox, parking
from shared.messaging.broker import Record
from shared.messaging.delivery import read
from shared.messaging.failures import describe
from shared.messaging.parking import State
from shared.messaging.subscription import Consumer


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: int
    consumer: str
    record: Record
    event_id: UUID | None
    state: State
    error_type: str
    error: str
    attempts: int
    settled_at: datetime | None

    @property
    def object_id(self) -> UUID:
        """What audit rows call it: the event where that could be read."""
        return self.event_id or seed_id("dead_letter", f"{self.consumer}:{self.id}")


class LetterNotFound(NotFound):
    """There is no such dead letter."""

    code = "dead_letter_not_found"


class AlreadySettled(Conflict):
    """The dead letter was replayed or discarded before."""

    code = "dead_letter_settled"


class NotHandled(Conflict):
    """No consumer of this service handles the event."""

    code = "event_not_handled"


class ReplayFailed(Exception):
    """The event failed again; it stays where it was."""

    def __init__(self, letter: DeadLetter, error: Exception) -> None:
        self.letter = letter
        super().__init__(f"dead letter {letter.id}: {type(error).__name__}: {describe(error)}")


async def list_letters(
    connection: Connection,
    *,
    consumer: str | None = None,
    settled: bool = False,
    after: int = 0,
    limit: int = 100,
) -> list[DeadLetter]:
    """Oldest first, after this id; those still open, or with `settled` all of them."""
    rows = await connection.fetch(
        """SELECT * FROM dead_letter WHERE id > $1 AND ($2::text IS NULL OR consumer = $2)
           AND ($3 OR state IN ('dead', 'parked')) ORDER BY id LIMIT $4""",
        after,
        consumer,
        settled,
        limit,
    )
    return [_letter(row) for row in rows]


async def get_letter(connection: Connection, letter_id: int) -> DeadLetter:
    """Raises LetterNotFound."""
    row = await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", letter_id)
    if row is None:
        raise LetterNotFound
    return _letter(row)


async def count_open(connection: Connection) -> dict[str, int]:
    """Open letters by consumer."""
    rows = await connection.fetch(
        "SELECT consumer, count(*) AS n FROM dead_letter WHERE state IN ('dead', 'parked') GROUP BY consumer"
    )
    return {row["consumer"]: row["n"] for row in rows}


class DeadLetters:
    """Settles letters of one service's consumers, on behalf of `principal`."""

    def __init__(
        self, database: Database, consumers: Sequence[Consumer], principal: Principal, clock: Clock
    ) -> None:
        self._database = database
        self._consumers: Mapping[str, Consumer] = {consumer.name: consumer for consumer in consumers}
        self._new_unit: Callable[[Trace | None], UnitOfWork] = lambda trace: UnitOfWork(
            database, principal, clock, trace
        )

    async def replay(self, letter_id: int) -> int:
        """Apply it again, through the inbox. Of a parked key all events, in order, and then unpark it.

        Returns how many letters were settled. Raises LetterNotFound, AlreadySettled, NotHandled, ReplayFailed
        (what was replayed before stays so)."""
        async with self._database.read() as connection:
            letter = await get_letter(connection, letter_id)
        if letter.state is State.PARKED:
            return await self._replay_key(letter)
        await self._replay(letter)
        return 1

    async def discard(self, letter_id: int, reason: str) -> None:
        """Never apply it, however often its record comes. Raises LetterNotFound, AlreadySettled."""
        async with self._database.read() as connection:
            letter = await get_letter(connection, letter_id)
        async with self._new_unit(None) as uow:
            await self._lock_key(uow.sql, letter)
            await self._settle(uow, letter, State.DISCARDED, reason=reason)
            if letter.event_id is not None:
                await inbox.claim(uow.sql, letter.consumer, [letter.event_id])
            if letter.state is State.PARKED:
                await self._unpark_when_empty(uow.sql, letter)

    async def _replay_key(self, first: DeadLetter) -> int:
        settled = 0
        while (letter := await self._next_parked(first)) is not None:
            await self._replay(letter)
            settled += 1
        return settled

    async def _next_parked(self, of: DeadLetter) -> DeadLetter | None:
        """The letter of the same key that was parked first; when there is none the key is free again. Offsets do not
        tell: those of a topic that was made again are small."""
        async with self._database.transaction() as connection:
            await self._lock_key(connection, of)
            row = await connection.fetchrow(
                """SELECT * FROM dead_letter WHERE consumer = $1 AND topic = $2 AND key = $3 AND state = 'parked'
                   ORDER BY id LIMIT 1""",
                of.consumer,
                of.record.topic,
                of.record.key,
            )
            if row is None:
                await self._unpark_when_empty(connection, of)
                return None
            return _letter(row)

    async def _replay(self, letter: DeadLetter) -> None:
        try:
            await self._apply(letter)
        except (AlreadySettled, NotHandled):
            raise
        except Exception as error:
            await self._note_failure(letter, error)
            raise ReplayFailed(letter, error) from error

    async def _apply(self, letter: DeadLetter) -> None:
        consumer = self._consumers.get(letter.consumer)
        item = read(consumer, letter.record) if consumer else None
        if item is not None and item.refusal is not None:
            raise item.refusal
        if consumer is None or item is None or item.received is None or item.handler is None:
            raise NotHandled
        async with self._new_unit(item.received.trace) as uow:
            await self._settle(uow, letter, State.REPLAYED)
            if await inbox.claim(uow.sql, consumer.name, [item.received.envelope.event_id]):
                await item.handler(uow, [item.received])

    async def _settle(
        self, uow: UnitOfWork, letter: DeadLetter, state: State, *, reason: str | None = None
    ) -> None:
        settled = await uow.sql.execute(
            """UPDATE dead_letter SET state = $2, settled_at = $3
               WHERE id = $1 AND state IN ('dead', 'parked')""",
            letter.id,
            state,
            uow.clock.now(),
        )
        if settled == "UPDATE 0":
            raise AlreadySettled
        after: dict[str, Any] = {
            "consumer": letter.consumer,
            "topic": letter.record.topic,
            "letter": letter.id,
        }
        if reason is not None:
            after["reason"] = reason
        uow.audit(
            f"dead_letter.{state}",
            "dead_letter",
            letter.object_id,
            before={"state": letter.state},
            after={"state": state, **after},
        )

    async def _lock_key(self, connection: Connection, letter: DeadLetter) -> None:
        """The consumer, about to see whether the key is parked, waits for this transaction."""
        await connection.execute(
            "SELECT FROM parked_key WHERE consumer = $1 AND topic = $2 AND key = $3 FOR UPDATE",
            letter.consumer,
            *parking.place(letter.record),
        )

    async def _unpark_when_empty(self, connection: Connection, letter: DeadLetter) -> None:
        await connection.execute(
            """DELETE FROM parked_key WHERE consumer = $1 AND topic = $2 AND key = $3 AND NOT EXISTS (
                   SELECT 1 FROM dead_letter AS d WHERE d.consumer = $1 AND d.topic = $2 AND d.key = $4
                   AND d.state = 'parked')""",
            letter.consumer,
            *parking.place(letter.record),
            letter.record.key,
        )

    async def _note_failure(self, letter: DeadLetter, error: Exception) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE dead_letter SET attempts = attempts + 1, error_type = $2, error = $3 WHERE id = $1",
                letter.id,
                type(error).__name__,
                describe(error).replace("\0", ""),
            )


def _letter(row: asyncpg.Record) -> DeadLetter:
    return DeadLetter(
        id=row["id"],
        consumer=row["consumer"],
        record=Record(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["record_offset"],
            key=row["key"],
            value=row["value"],
            headers=parking.restored_headers(row["headers"]),
            timestamp=row["failed_at"],
        ),
        event_id=row["event_id"],
        state=State(row["state"]),
        error_type=row["error_type"],
        error=row["error"],
        attempts=row["attempts"],
        settled_at=row["settled_at"],
    )
