"""What the registry says of changes of units, of bodies and their functions, and the values its payloads share."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.messaging.contract import EventPayload
from shared.values import Origin, Reference

Text = dict[str, str]
"""BCP-47 tag → text."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class AdoptingAct(Value):
    """The legal act that something rests on: a standard, a change of units or bodies, a register."""

    id: UUID
    kind: Slug
    number: str
    date: date
    issuer: Text
    title: Text = {}
    url: str | None = None


class TerritoryChangeState(EventPayload):
    """A change an act made of units, with which unit came from which. A unit that goes on stands on both sides."""

    kind: Slug
    happened_on: date
    predecessors: tuple[Reference, ...]
    successors: tuple[Reference, ...]
    act: AdoptingAct
    origin: Origin
    source: str | None = None


class BoundaryState(EventPayload):
    """A simplified boundary of a unit was recorded; it is read at `/v1/territories/{code}/boundary`."""

    territory: Reference
    level: int
    """1: oblasts and the two cities; 2: raions and cities."""
    tolerance_metres: int
    edition: date
    licence: str
    licence_url: str
    origin: Origin
    source: str


class Mandate(Value):
    """What a body is charged with, by which provision of which act, on which days."""

    text: Text
    act: AdoptingAct
    provision: str | None = None
    valid_from: date
    valid_to: date | None = None


class Identifier(Value):
    """What others call a body by: `inn`, `okpo`, `justice`, `tunduk`."""

    scheme: Slug
    value: str
    valid_from: date | None = None
    valid_to: date | None = None


class BodyState(EventPayload):
    """What a public body is charged with and called by, beside what `registry.organisation.changed.v1` says of it."""

    code: str
    former_codes: tuple[str, ...] = ()
    """They stay readable."""
    name: Text
    mandates: tuple[Mandate, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    origin: Origin


class BodyFollowing(Value):
    """One change of a reorganisation: `successor` is the body itself where it goes on, absent where it was closed."""

    kind: Slug
    predecessor: Reference | None = None
    successor: Reference | None = None


class ReorganisationState(EventPayload):
    """What one act made of many bodies on one day: all of it or nothing was recorded."""

    happened_on: date
    act: AdoptingAct
    changes: tuple[BodyFollowing, ...]
    origin: Origin
    source: str | None = None


class FunctionState(EventPayload):
    """A function as a version of the Register of Functions adopted it; `aggregate_version` is that version's number."""

    code: str
    name: Text
    body: Reference
    level: Slug
    financed_from: Slug | None = None
    act: AdoptingAct | None = None
    """Its legal basis."""
    provision: str | None = None
    services: tuple[Reference, ...] = ()
    """Register entries that carry it out; none is shown, not hidden."""
    decision: Slug
    """Of the Interdepartmental Commission: `keep`, `change`, `drop`, `transfer`."""
    valid_from: date
    valid_to: date | None = None
    """The same day as `valid_from` where the function was dropped."""
    origin: Origin


class FunctionRegisterState(EventPayload):
    """A version of the Register of Functions; it ends the one before on its first day."""

    number: int
    act: AdoptingAct
    valid_from: date
    functions: int
    decisions: dict[str, int]
    """How often the commission decided what."""
