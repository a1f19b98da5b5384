"""The only transaction boundary: effect, events, audit and idempotency row commit together or not at all."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
import asyncpg.transaction

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import NO_CONNECTION, Connection, Database
from shared.db.exit_statement import ActorRow, AnswerRow, AuditRow, EventRow, exit_statement
from shared.http.errors import Unavailable
from shared.ids import uuid7
from shared.messaging.broker import MAX_RECORD_BYTES
from shared.messaging.contract import Audience, EventType, P
from shared.messaging.tables import SLOTS


class EventTooLarge(ValueError):
    """The payload is larger than the broker takes; refused here so that the relay never meets it."""


class IdempotencyRace(Exception):
    """Another request with the same Idempotency-Key committed first."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where this work came from, for logs, audit rows and events."""

    request_id: str | None = None
    traceparent: str | None = None

    @property
    def trace_id(self) -> str | None:
        return self.traceparent.split("-")[1] if self.traceparent else None


@dataclass(slots=True)
class StoredAnswer:
    """What an Idempotency-Key gives back when it is used again."""

    key: str
    request_hash: bytes
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class UnitOfWork:
    """`async with UnitOfWork(…) as uow:` one transaction. Routes and use cases never commit."""

    sql: Connection

    def __init__(
        self,
        database: Database,
        principal: Principal,
        clock: Clock,
        trace: Trace | None = None,
    ) -> None:
        self.principal = principal
        self.clock = clock
        self.trace = trace or Trace()
        self.answer: StoredAnswer | None = None
        self._database = database
        self._events: list[EventRow] = []
        self._audits: list[AuditRow] = []

    def emit(
        self,
        event: EventType[P],
        payload: P,
        *,
        audience: Audience | None = None,
        recipients: Iterable[UUID] = (),
    ) -> UUID:
        """Append an event to this transaction; returns its id (`ce_id`).

        Raises ValueError when `audience` is wider than the type declares, EventTooLarge above 1 MB."""
        chosen = audience or event.audience
        if not event.audience.allows(chosen):
            raise ValueError(f"{event.name} declares {event.audience}, not {chosen}")
        value = payload.model_dump_json(exclude_none=True).encode()
        if len(value) > MAX_RECORD_BYTES:
            raise EventTooLarge(f"{event.name} {payload.id}: {len(value)} bytes")
        key = str(payload.id)
        row = EventRow(
            uuid7(),
            event.name,
            event.topic,
            key,
            slot_of(key),
            chosen,
            ",".join(map(str, recipients)),
            self.clock.now(),
            value,
            self.trace.traceparent,  # of now: a batch handler works on behalf of one event after another
        )
        self._events.append(row)
        return row.event_id

    def audit(
        self,
        action: str,
        object_type: str,
        object_id: UUID,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        on_behalf_of: UUID | None = None,
    ) -> None:
        """Record a privileged change. `before` and `after` hold no personal data."""
        self._audits.append(AuditRow(action, object_type, object_id, before, after, on_behalf_of))

    async def __aenter__(self) -> Self:
        try:
            self.sql = await self._database.acquire()
        except NO_CONNECTION as error:
            raise Unavailable(headers={"Retry-After": "2"}) from error
        try:
            self._transaction = self.sql.transaction()
            await self._transaction.start()
        except BaseException as error:  # a cancelled request too must give its connection back
            self.sql.terminate()
            await self._database.release(self.sql)
            if isinstance(error, NO_CONNECTION):
                raise Unavailable(headers={"Retry-After": "2"}) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        committed = False
        try:
            if error is None:
                await self._flush()
                await self._transaction.commit()
                committed = True
            else:
                await self._transaction.rollback()
        except asyncpg.UniqueViolationError as violation:
            await self._transaction.rollback()
            if violation.constraint_name == "pk_idempotency":
                raise IdempotencyRace from violation
            raise
        finally:
            if not committed and self.sql.is_in_transaction():
                self.sql.terminate()  # neither committed nor rolled back: nobody may inherit this
            await self._database.release(self.sql)
        if committed and self._events:
            self._database.wake_workers()

    async def _flush(self) -> None:
        """The exit statement. It runs even when there is nothing to write: after a caught error Postgres
        answers COMMIT with a silent ROLLBACK, and only a statement before it makes that visible."""
        principal, answer = self.principal, self.answer
        actor = ActorRow(
            self.clock.now(),
            principal.sub,
            principal.kind,
            principal.org,
            principal.cid,
            self.trace.trace_id,
            self.trace.request_id,
        )
        stored = answer and AnswerRow(
            principal.subject, answer.key, answer.request_hash, answer.status, answer.headers, answer.body
        )
        sql, values = exit_statement(self._events, self._audits, actor, stored)
        await self.sql.execute(sql, *values)


def slot_of(key: str) -> int:
    """The relay slot of a key: the same on every machine, unlike `hash()`."""
    return int.from_bytes(hashlib.blake2s(key.encode(), digest_size=2).digest()) % SLOTS
