"""The last statement of a unit of work: its audit rows, its idempotency row and its events in one round trip.

Made of the parts there are: arrays of nothing cost the driver and Postgres nearly as much as a row."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID


class EventRow(NamedTuple):
    event_id: UUID
    type: str
    topic: str
    key: str
    slot: int
    audience: str
    recipients: str
    """Joined by commas: Postgres unnests an array of arrays to the bottom."""
    occurred_at: datetime
    value: bytes
    traceparent: str | None


class AuditRow(NamedTuple):
    action: str
    object_type: str
    object_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    on_behalf_of: UUID | None


class ActorRow(NamedTuple):
    """What all audit rows of one unit of work have in common."""

    at: datetime
    actor: UUID | None
    actor_kind: str
    organisation: UUID | None
    credential: UUID | None
    trace_id: str | None
    request_id: str | None


class AnswerRow(NamedTuple):
    subject: str
    key: str
    request_hash: bytes
    status: int
    headers: dict[str, str]
    body: bytes


_EVENT = ("uuid", "text", "text", "text", "smallint", "text", "text", "timestamptz", "bytea", "text")
_AUDIT = ("text", "text", "uuid", "jsonb", "jsonb", "uuid")
_ACTOR = ("timestamptz", "uuid", "text", "uuid", "uuid", "text", "text")
_ANSWER = ("text", "text", "bytea", "bigint", "jsonb", "bytea")


def exit_statement(
    events: Sequence[EventRow], audits: Sequence[AuditRow], actor: ActorRow, answer: AnswerRow | None
) -> tuple[str, list[Any]]:
    """The statement and its values. Without a row it still is one: see the unit of work."""
    values: list[Any] = []
    if audits:
        values += [*_columns(audits), *actor]
    if answer is not None:
        values += answer
    values += _columns(events)
    return _sql(min(len(audits), 2), answer is not None, min(len(events), 2)), values


def _columns(rows: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    """The values of one row, an array a column of several."""
    return rows[0] if len(rows) == 1 else list(zip(*rows, strict=True))


@cache
def _sql(audits: int, answer: bool, events: int) -> str:
    """`audits` and `events`: 0, 1 or 2 for several."""
    numbers = count(1)

    def marks(types: Sequence[str], suffix: str = "") -> str:
        return ", ".join(f"${next(numbers)}::{kind}{suffix}" for kind in types)

    def table(types: Sequence[str], rows: int) -> str:
        if rows == 1:
            return f"(VALUES ({marks(types)}, 1))"
        return f"unnest({marks(types, '[]')}) WITH ORDINALITY"

    parts: list[str] = []
    if audits:
        names, rows = ", ".join(AuditRow._fields), table(_AUDIT, audits)
        parts.append(
            f"""INSERT INTO audit ({names}, {", ".join(ActorRow._fields)})
            SELECT {names}, {marks(_ACTOR)} FROM {rows} AS a ({names}, n) ORDER BY n"""
        )
    if answer:
        parts.append(f"INSERT INTO idempotency ({', '.join(AnswerRow._fields)}) VALUES ({marks(_ANSWER)})")
    if events:
        names = ", ".join(EventRow._fields)
        chosen = names.replace("recipients", "string_to_array(recipients, ',')::uuid[]")
        parts.append(
            f"""INSERT INTO event ({names})
            SELECT {chosen} FROM {table(_EVENT, events)} AS e ({names}, n) ORDER BY n"""
        )
    if not parts:
        return "SELECT 1"
    *before, last = parts
    named = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(before))
    return f"WITH {named} {last}" if named else last
