"""What a service consumes: one table of handlers per consumer, declared in the service's events.py."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeAlias

from shared.db.unit_of_work import Trace, UnitOfWork
from shared.messaging.contract import EventType, P
from shared.messaging.envelope import Envelope
from shared.messaging.trace import continued


@dataclass(frozen=True, slots=True)
class Received(Generic[P]):
    """One event as a handler sees it."""

    envelope: Envelope
    payload: P

    @property
    def trace(self) -> Trace:
        """Continues the trace of what caused the event. A handler of many sets `uow.trace` to it before it
        emits on behalf of one of them."""
        return Trace(traceparent=continued(self.envelope.traceparent))


Handler: TypeAlias = Callable[[UnitOfWork, Sequence[Received[P]]], Awaitable[None]]
"""Applies events to the service's own tables. Order within the sequence is the order of each key. It must not
commit, and must not do anything outside the unit of work that a rollback would not undo."""


@dataclass(frozen=True, slots=True)
class Subscription(Generic[P]):
    event: EventType[P]
    handler: Handler[P]


def handles(event: EventType[P], handler: Handler[P]) -> Subscription[P]:
    """One row of a consumer's table."""
    return Subscription(event, handler)


@dataclass(frozen=True)
class Consumer:
    """A named reader of events, with its own offsets, inbox and dead letters."""

    name: str
    """Unique in the service; never reused for something else: inbox rows and offsets stand under it."""
    handlers: tuple[Subscription[Any], ...]
    ordered: bool = True
    """An event that keeps failing parks its key, so that later events of the key wait for it. Otherwise it
    becomes a dead letter alone."""
    batch: bool = True
    """Many events in one transaction. False: one each, where a handler emits events or takes long."""
    skips: frozenset[str] = frozenset()
    """Names of event types passed over although an other major of them is handled: both are being published."""

    def __post_init__(self) -> None:
        names = [handler.event.name for handler in self.handlers]
        if len(set(names)) != len(names):
            raise ValueError(f"consumer {self.name} handles an event type twice")

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({handler.event.topic for handler in self.handlers}))

    def subscription(self, event_type: str) -> Subscription[Any] | None:
        """The row for this type. None: not for this consumer. Raises UnknownMajor."""
        found = self._by_name.get(event_type)
        if found is None and event_type not in self.skips and _unversioned(event_type) in self._majors:
            raise UnknownMajor(event_type)
        return found

    @cached_property
    def _by_name(self) -> dict[str, Subscription[Any]]:
        return {handler.event.name: handler for handler in self.handlers}

    @cached_property
    def _majors(self) -> frozenset[str]:
        return frozenset(_unversioned(name) for name in self._by_name)


def _unversioned(event_type: str) -> str:
    return event_type.rpartition(".")[0]


class UnknownMajor(ValueError):
    """A major version of an event this consumer handles, but does not know."""
