"""Bodies of the catalogue."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.registry.catalogue.domain import GapReason, Regime, ServiceStatus, TextState
from services.registry.standards.schemas import StandardInForce
from shared.contracts.registry import ServiceLevel
from shared.contracts.structure import Slug
from shared.http.schemas import Code, Input, Line, Output, Prose
from shared.text import Name
from shared.values import Origin, Reference


class RegisterNumber(Input):
    """A number in one edition of the register. Items are renumbered and inserted ("15-1"), so it is no key."""

    section: Line | None = None
    item: Line
    edition: Line | None = None


class Facts(Input):
    """What was collected of a service, word for word; `*_kind` and `*_date` as the source states them."""

    term: Prose | None = None
    fee: Prose | None = None
    channel: Prose | None = None
    documents: Prose | None = None
    legal_basis: Prose | None = None
    body: Prose | None = None
    working_name: Line | None = Field(
        None, description="Working title in Russian where the name is Russian already"
    )
    source_kind: Line | None = None
    source_date: Line | None = None


class ServiceDraft(Input):
    code: Code
    level: ServiceLevel
    name: Name
    register_numbers: Annotated[list[RegisterNumber], Field(max_length=50)] = []
    regime: Regime | None = None
    sector: Slug | None = None


class CollectedService(ServiceDraft):
    """A service as it was found, with its body and what is known."""

    body_code: Code
    name_states: dict[str, TextState]
    status: ServiceStatus
    merged_into: Code | None = None
    facts: Facts
    origin: Origin
    source: Prose


class CollectedGap(Input):
    code: Code
    reason: GapReason
    text: Line
    language: Code
    level: Line | None = None
    body: Line | None = None
    origin: Origin
    source: Prose


class ServiceChange(Input):
    """What is left out stays as it is. A service is included by an act and merged into another entry."""

    name: Name | None = None
    register_numbers: Annotated[list[RegisterNumber], Field(max_length=50)] | None = None
    regime: Regime | None = None
    sector: Slug | None = None
    status: ServiceStatus | None = None
    act_id: UUID | None = None
    merged_into: UUID | None = None


class ServiceSummary(Output):
    id: UUID
    code: str
    name: dict[str, str]
    name_states: dict[str, TextState]
    level: ServiceLevel
    body: Reference
    regime: Regime | None
    sector: str | None
    status: ServiceStatus
    missing: list[str] = Field(description="Rows of the standard nobody knows")
    origin: Origin
    version: int
    updated_at: datetime


class ServiceView(ServiceSummary):
    """A service with its standard in force on the day asked for; `standard` is absent when there is none."""

    register_numbers: list[RegisterNumber]
    merged_into: Reference | None
    act_id: UUID | None
    facts: Facts
    source: str | None
    standard: StandardInForce | None


class RowGap(Output):
    row: str
    services: int


class GapView(Output):
    code: str
    reason: GapReason
    text: str
    language: str
    level: str | None
    body: str | None
    origin: Origin
    source: str


class GapsView(Output):
    """What the register does not know: rows by number of services, and what was collected but is no entry."""

    services: int = Field(description="Public entries in all")
    rows: list[RowGap]
    not_entries: list[GapView]
