"""What a notice is. No I/O."""

from dataclasses import dataclass, field
from uuid import UUID

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened, as people are told of it.

    `places` are the SOATE codes from the country down, so that a subscription to an oblast hears of its villages.
    `recipients` are told directly, subscribed or not. `public` says whether subscribers may be told at all."""

    event_id: UUID
    event_type: str
    subject_id: UUID
    title: Text
    body: Text
    link: str
    public: bool
    recipients: tuple[UUID, ...] = ()
    places: tuple[str, ...] = ()
    sector: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
