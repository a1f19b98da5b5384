"""When a version is in force, and since when the register knows it. Pure rules of two times.

A version's validity has at most one span of days. An adoption ends what it meets from its first day on; nothing
revives when it ends itself. What ended is kept with the record time at which it was believed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

RECORD_STEP = timedelta(microseconds=1)


class State(StrEnum):
    DRAFT = "draft"
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"
    REPEALED = "repealed"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.ADOPTED}),
    State.ADOPTED: frozenset({State.SUPERSEDED, State.REPEALED}),
    State.SUPERSEDED: frozenset({State.SUPERSEDED, State.REPEALED}),
    State.REPEALED: frozenset({State.SUPERSEDED, State.REPEALED}),
}
"""An ended version can be ended earlier still, by an act recorded later but valid from an earlier day."""


@dataclass(frozen=True, slots=True)
class Validity:
    """A version in force from `start` inclusive to `end` exclusive; never, when both are the same day."""

    number: int
    start: date
    end: date | None
    state: State = State.ADOPTED

    @property
    def empty(self) -> bool:
        return self.end is not None and self.end <= self.start

    def holds(self, on: date) -> bool:
        return self.start <= on and (self.end is None or on < self.end)

    def meets(self, start: date, end: date | None) -> bool:
        """Whether they share a day with [start, end)."""
        if self.empty:
            return False
        return (end is None or self.start < end) and (self.end is None or start < self.end)

    def ended(self, on: date, state: State) -> "Validity":
        """The same version, in force before `on` only."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"{self.state} does not become {state}")
        return replace(self, end=max(self.start, on), state=state)


def adopt(
    known: Sequence[Validity], number: int, start: date, end: date | None
) -> tuple[list[Validity], Validity]:
    """The validities an adoption ends, as they are afterwards, and the new one."""
    superseded = [entry.ended(start, State.SUPERSEDED) for entry in known if entry.meets(start, end)]
    return superseded, Validity(number, start, end)


def repeal(known: Sequence[Validity], on: date) -> list[Validity]:
    """The validities a repeal ends, as they are afterwards; empty when nothing is in force from that day on."""
    return [entry.ended(on, State.REPEALED) for entry in known if entry.meets(on, None)]


def record_time(now: datetime, last: datetime | None) -> datetime:
    """The moment a change is recorded at: each change of a standard has its own, also when the clock stands
    still or jumps back."""
    return now if last is None or now > last else last + RECORD_STEP
