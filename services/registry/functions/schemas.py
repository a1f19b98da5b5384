"""Bodies of the Register of Functions."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.functions.domain import Decision, FinancedFrom, FunctionLevel, RegisterStatus
from services.registry.legal.schemas import ActDraft
from services.registry.standards.schemas import LawDate
from shared.contracts.structure import AdoptingAct
from shared.http.pages import Page
from shared.http.schemas import Code, Input, Line, Output
from shared.text import Name
from shared.values import Origin, Reference

OrphanKind = Literal["function_without_services", "service_without_function", "body_without_functions"]


class FunctionDraft(Input):
    """A draft may be incomplete; what keeps it from the commission is said when the register is submitted."""

    code: Code
    body: Code = Field(description="Your body, or one below it")
    name: Name
    level: FunctionLevel
    financed_from: FinancedFrom | None = None
    act_id: UUID | None = Field(None, description="Legal basis")
    provision: Line | None = Field(None, description="Article or item of the act")
    services: Annotated[list[UUID], Field(max_length=200)] = Field(
        [], description="Register entries by which the body, or one below it, carries it out"
    )
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class FunctionChange(Input):
    """What is left out stays as it is."""

    body: Code | None = None
    name: Name | None = None
    level: FunctionLevel | None = None
    financed_from: FinancedFrom | None = None
    act_id: UUID | None = None
    provision: Line | None = None
    services: Annotated[list[UUID], Field(max_length=200)] | None = None


class FunctionView(Output):
    id: UUID
    code: str
    name: dict[str, str]
    body: Reference
    level: FunctionLevel
    financed_from: FinancedFrom | None
    act: AdoptingAct | None = Field(description="Legal basis")
    provision: str | None
    services: list[UUID]
    register_number: int
    origin: Origin
    source: str | None
    version: int


class RegisterView(Output):
    """One version of the register; in force from `valid_from` to before `valid_to`."""

    id: UUID
    number: int
    status: RegisterStatus
    act: AdoptingAct | None
    valid_from: date | None
    valid_to: date | None
    submitted_at: datetime | None
    functions: int
    dropped: int = Field(description="Functions the commission dropped with this version")
    version: int


class FunctionPage(Page[FunctionView]):
    register_in_force: RegisterView | None = Field(
        None, description="The version the list is of; absent while none was adopted"
    )


class RulingChange(Input):
    """What a decision to change makes of a function; what is left out stays."""

    name: Name | None = None
    level: FunctionLevel | None = None
    financed_from: FinancedFrom | None = None
    provision: Line | None = None


class DecisionRecord(Input):
    """A decision of the Interdepartmental Commission on one function."""

    function_id: UUID
    decision: Decision
    number: Annotated[Line, StringConstraints(max_length=60)]
    decided_on: LawDate
    target: Code | None = Field(None, description="transfer: the body that takes it over")
    change: RulingChange | None = Field(None, description="change: what it becomes")


class DecisionView(Output):
    id: UUID
    function_id: UUID
    code: str
    decision: Decision
    number: str
    decided_on: date
    target: Reference | None
    change: dict[str, object] | None
    recorded_at: datetime


class RegisterAdoption(Input):
    act: ActDraft
    valid_from: LawDate = Field(description="First day in force; ends the version before")


class OrphanView(Output):
    id: UUID
    code: str
    name: dict[str, str]
    body: Reference | None


class OrphanCounts(Output):
    """What does not fit together in the version in force; `/v1/functions/orphans` lists each."""

    functions: int
    function_without_services: int
    service_without_function: int
    body_without_functions: int
