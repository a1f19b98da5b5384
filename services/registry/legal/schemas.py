"""Bodies of legal acts."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.legal.domain import ActKind, ActStatus
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


class ActRecord(ActDraft):
    """An act with what is known of it beyond its name."""

    effect: Line | None = Field(None, description="What it does for the register")
    status: ActStatus = ActStatus.UNKNOWN
    status_note: Line | None = None
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class ActView(Output):
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
    status: ActStatus
    status_note: str | None
    url: str | None
    origin: Origin
    source: str | None
    version: int
    created_at: dt.datetime
