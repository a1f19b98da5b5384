"""Bodies of adoption rules."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.registry.adoption_rules.domain import Adopter
from services.registry.catalogue.domain import Regime
from services.registry.legal.domain import ActKind
from services.registry.standards.schemas import LawDate
from shared.contracts.registry import ServiceLevel
from shared.http.schemas import Input, Line, Output
from shared.values import Origin


class AdoptionRuleDraft(Input):
    """From its first day on it takes the place of the rule of the same level and regime."""

    level: ServiceLevel
    regime: Regime | None = Field(None, description="Absent: every regime without a rule of its own")
    powers: Annotated[dict[ActKind, Adopter], Field(min_length=1)] = Field(
        description="Kind of act that adopts such standards → whose act it is"
    )
    review: bool = Field(False, description="A draft has to pass an expert review before")
    valid_from: LawDate
    act_id: UUID = Field(description="The recorded act that says so")
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class RuleView(Output):
    id: UUID
    level: ServiceLevel
    regime: Regime | None
    powers: dict[ActKind, Adopter]
    review: bool
    valid_from: date
    act_id: UUID
    recorded_at: datetime
    origin: Origin
    source: str | None


class RulesView(Output):
    items: list[RuleView]
