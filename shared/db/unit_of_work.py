"""The only transaction boundary: effect, events, audit and idempotency row commit together or not at all."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
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
from shared.http.errors import Invalid, Unavailable
from shared.ids import uuid7
from shared.messaging.broker import MAX_RECORD_BYTES
from shared.messaging.contract import Audience, EventType, P
from shared.messaging.tables import SLOTS
from shared.people.keyring import Keyring

_RECIPIENT_BYTES = 37


class EventTooLarge(Invalid):
    """What other services would have to be told of this is more than a message holds. Make it shorter."""

    # Refused here, so that the relay never meets it.
    code = "event_too_large"


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
    """What an Idempotency-Key gives back when it is used again. `key`: the acting organisation is part of it."""

    key: str
    request_hash: bytes
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class _Event:
    event_id: UUID
    name: str
    topic: str
    key: str
    audience: str
    recipients: list[UUID]
    occurred_at: datetime
    value: bytes
    traceparent: str | None


@dataclass(slots=True)
class _Audit:
    action: str
    object_type: str
    object_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    on_behalf_of: UUID | None


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
        self.production = database.production
        self._database = database
        self._events: list[_Event] = []
        self._audits: list[_Audit] = []

    @property
    def keyring(self) -> Keyring:
        """What sealed fields are opened with."""
        return self._database.keyring

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
        named = list(recipients)
        size = len(value) + _RECIPIENT_BYTES * len(named)  # they travel in a header
        if size > MAX_RECORD_BYTES:
            raise EventTooLarge(event=event.name, bytes=size, max_bytes=MAX_RECORD_BYTES)
        row = _Event(
            uuid7(),
            event.name,
            event.topic,
            str(payload.id),
            chosen,
            named,
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
        self._audits.append(_Audit(action, object_type, object_id, before, after, on_behalf_of))

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
            with suppress(asyncpg.InterfaceError):  # it broke, and the pool has it back already
                if not committed and self.sql.is_in_transaction():
                    self.sql.terminate()  # neither committed nor rolled back: nobody may inherit this
            await self._database.release(self.sql)
        if committed and self._events:
            self._database.wake_workers()

    async def _flush(self) -> None:
        """The exit statement. It runs even when there is nothing to write: after a caught error Postgres
        answers COMMIT with a silent ROLLBACK, and only a statement before it makes that visible."""
        if not (self._events or self._audits or self.answer):
            await self.sql.execute("SELECT 1")
            return
        events, audits, answer = self._events, self._audits, self.answer
        actor = self.principal
        await self.sql.execute(
            _EXIT,
            *(_event_columns(events) if events else _NO_EVENTS),
            *(_audit_columns(audits) if audits else _NO_AUDITS),
            self.clock.now(),
            actor.sub,
            actor.kind,
            actor.org,
            actor.cid,
            self.trace.trace_id,
            self.trace.request_id,
            actor.subject,
            answer.key if answer else None,
            answer.request_hash if answer else None,
            answer.status if answer else None,
            answer.headers if answer else None,
            answer.body if answer else None,
        )


def _event_columns(events: Sequence[_Event]) -> tuple[list[Any], ...]:
    return (
        [event.event_id for event in events],
        [event.name for event in events],
        [event.topic for event in events],
        [event.key for event in events],
        [slot_of(event.key) for event in events],
        [event.audience for event in events],
        [",".join(map(str, event.recipients)) for event in events],
        [event.occurred_at for event in events],
        [event.value for event in events],
        [event.traceparent for event in events],
    )


def _audit_columns(audits: Sequence[_Audit]) -> tuple[list[Any], ...]:
    return (
        [audit.action for audit in audits],
        [audit.object_type for audit in audits],
        [audit.object_id for audit in audits],
        [audit.before for audit in audits],
        [audit.after for audit in audits],
        [audit.on_behalf_of for audit in audits],
    )


# NULL unnests to no row like an empty array, and takes the driver a tenth of the time.
_NO_EVENTS, _NO_AUDITS = (None,) * 10, (None,) * 6


def slot_of(key: str) -> int:
    """The relay slot of a key: the same on every machine, unlike `hash()`."""
    return int.from_bytes(hashlib.blake2s(key.encode(), digest_size=2).digest()) % SLOTS


_EXIT = """
WITH audited AS (
    INSERT INTO audit (action, object_type, object_id, before, after, on_behalf_of,
                       at, actor, actor_kind, organisation, credential, trace_id, request_id)
    SELECT a.*, $17::timestamptz, $18::uuid, $19::text, $20::uuid, $21::uuid, $22::text, $23::text
    FROM unnest($11::text[], $12::text[], $13::uuid[], $14::jsonb[], $15::jsonb[], $16::uuid[]) AS a
), answered AS (
    INSERT INTO idempotency (subject, key, request_hash, status, headers, body)
    SELECT $24::text, $25::text, $26::bytea, $27::bigint, $28::jsonb, $29::bytea WHERE $25::text IS NOT NULL
)
INSERT INTO event (event_id, type, topic, key, slot, audience, recipients, occurred_at, value, traceparent)
SELECT e.event_id, e.type, e.topic, e.key, e.slot, e.audience, string_to_array(e.recipients, ',')::uuid[],
       e.occurred_at, e.value, e.traceparent
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[],
            $8::timestamptz[], $9::bytea[], $10::text[]) WITH ORDINALITY
     AS e (event_id, type, topic, key, slot, audience, recipients, occurred_at, value, traceparent, n)
ORDER BY e.n
"""
