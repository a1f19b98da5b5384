"""What a service knows of people, why, for how long, and what erasure does to it: one table a service, of which the
erasure, the retention job and docs/personal-data.md are made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from shared.contracts.erasure import Effect, ErasureCompleted
from shared.messaging.contract import EventType

if TYPE_CHECKING:
    from shared.db.unit_of_work import UnitOfWork


class Ground(StrEnum):
    """Why the law lets us process it. Law of the Kyrgyz Republic No. 58 of 14 April 2008 on personal data, and the
    Digital Code No. 178 of 31 July 2025, which takes its place."""

    CONSENT = "consent"
    PUBLIC_TASK = "public_task"
    """Powers of public bodies and public monitoring of them, given by law."""
    CONTRACT = "contract"
    """Asked for by the person: dealings between the parties of an idea."""
    LEGAL_OBLIGATION = "legal_obligation"
    """The platform has to be able to show who did what, and that it acted lawfully."""


Eraser = Callable[["UnitOfWork", UUID], Awaitable[int]]
"""Erases or anonymises what is known of a person (or counts what is kept); how many rows."""


@dataclass(frozen=True)
class Kind:
    """One kind of personal data. `purpose` and `what` are English sentences of the documentation."""

    name: str
    what: str
    purpose: str
    ground: Ground
    retention: timedelta | None = None
    """From when it was written; None: as long as what it belongs to, or until its consent is withdrawn."""
    on_erasure: Effect = Effect.ERASED
    kept_on: str | None = None
    """The legal ground on which it outlives an erasure, as the report names it."""

    def __post_init__(self) -> None:
        if (self.on_erasure is Effect.KEPT) != (self.kept_on is not None):
            raise ValueError(f"{self.name}: what is kept needs a ground, and nothing else has one")


@dataclass(frozen=True, kw_only=True)
class Holding(Kind):
    """Personal data that stands in a table of its own, outside the store: ids of people, mostly."""

    table: str
    erase: Eraser


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A sealed field outside the store, which a rotation of keys has to reach. `field` is an SQL expression."""

    table: str
    value: str
    key_id: str
    field: str
    id: str = "id"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What a person agrees to, in the words of one version. A version in use never changes: it is what was agreed
    to. `text` is by language (ky, ru, en)."""

    purpose: str
    version: str
    text: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class People:
    """A service's table of personal data. `completed` is what it answers an erasure with."""

    completed: EventType[ErasureCompleted]
    kinds: tuple[Kind, ...] = ()
    """Of the store."""
    holdings: tuple[Holding, ...] = ()
    sealed: tuple[SealedColumn, ...] = ()
    texts: tuple[ConsentText, ...] = ()
    """Of the consents this service may record; the last of a purpose is the present one."""
    delegate: str | None = None
    """The scope of those at a desk, who take consents down for people without internet and see what was taken down."""
    by_name: dict[str, Kind] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {kind.name: kind for kind in (*self.kinds, *self.holdings)}
        if len(known) != len(self.kinds) + len(self.holdings):
            raise ValueError("two kinds have one name")
        object.__setattr__(self, "by_name", known)
