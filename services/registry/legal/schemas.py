"""Bodies of legal acts."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.legal.domain import ActKind, ActStatus, EffectKind
from services.registry.legal.links import Links
from services.registry.legal.periods import Force
from shared.http.schemas import Input, Line, Output
from shared.text import Name
from shared.values import Origin

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{3,480}$")]


class ActDraft(Input):
    kind: ActKind
    number: Annotated[Line, StringConstraints(max_length=60)]
    date: dt.date = Field(description="Day it was signed")
    published_on: dt.date | None = None
    in_force_from: dt.date | None = Field(None, description="Not before it is published, unless retroactive")
    retroactive_basis: Line | None = Field(
        None, description="The provision that puts it in force before it was published or signed"
    )
    issuer: Name
    title: Name | None = None
    url: Url | None = None
    links: Links = Field([], description="Where its text stands; each address is of the site it names")


class ActRecord(ActDraft):
    """An act with what is known of it beyond its name."""

    effect: Line | None = Field(None, description="What it does for the register")
    status: ActStatus = ActStatus.UNKNOWN
    status_note: Line | None = None
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class ActCorrection(Input):
    """What is left out stays as it is. Kind, number, date and issuer are what the act is, and are not corrected."""

    title: Name | None = None
    effect: Line | None = None
    status: ActStatus | None = None
    status_note: Line | None = None
    published_on: dt.date | None = None
    in_force_from: dt.date | None = None
    retroactive_basis: Line | None = None
    url: Url | None = None
    links: Links | None = None
    source: Line | None = None


class ActView(Output):
    """`status` is that of the day asked for, and lasts from `status_from` to the day before `status_to` (absent:
    without end); `stated_status` is what a source says without a day."""

    id: UUID
    kind: ActKind
    number: str
    date: dt.date
    published_on: dt.date | None
    in_force_from: dt.date | None
    retroactive_basis: str | None
    issuer: dict[str, str]
    title: dict[str, str]
    effect: str | None
    status: Force
    status_from: dt.date | None
    status_to: dt.date | None
    stated_status: ActStatus
    status_note: str | None
    url: str | None
    links: Links
    origin: Origin
    source: str | None
    version: int
    created_at: dt.datetime


class EffectDraft(Input):
    """What an act does to an earlier one. The day may be unknown where only the text changes."""

    kind: EffectKind
    target_id: UUID = Field(description="The act it is done to")
    since: dt.date | None = Field(None, description="First day of the effect")
    until: dt.date | None = Field(
        None, description="First day on which a suspension is over; absent: until further notice"
    )
    provision: Line | None = Field(None, description="Where the act says so")
    retroactive_basis: Line | None = Field(
        None, description="The provision by which it reaches back before the act was in force"
    )
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class Withdrawal(Input):
    """Why a record was wrong. What was believed until now stays readable (`known_at`)."""

    reason: Line


class ActReference(Output):
    id: UUID
    kind: ActKind
    number: str
    date: dt.date
    title: dict[str, str]


class EffectView(Output):
    id: UUID
    kind: EffectKind
    act: ActReference
    target: ActReference
    since: dt.date | None
    until: dt.date | None
    provision: str | None
    retroactive_basis: str | None
    origin: Origin
    source: str | None
    recorded_at: dt.datetime
    withdrawn_at: dt.datetime | None
    withdrawal_reason: str | None


class PeriodView(Output):
    """From `start` (absent: ever) to the day before `end` (absent: for ever)."""

    start: dt.date | None
    end: dt.date | None
    status: Force


class PeriodsView(Output):
    act_id: UUID
    periods: list[PeriodView]


class BrokenReference(Output):
    """A row that cites an act which is not in force on the day. `place` points into the row."""

    object_type: str
    object_id: UUID
    place: str
    act: ActReference
    article: str | None
    part: str | None
    point: str | None
    status: Force
    status_from: dt.date | None
