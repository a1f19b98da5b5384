"""Bodies of campaigns."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.monitoring.campaigns.domain import DEFAULT_ANSWER_DAYS, CampaignState
from shared.http.schemas import Code, Input, Output
from shared.text import Text
from shared.values import Origin


class CampaignDraft(Input):
    code: Code
    name: Text
    starts_on: date
    ends_on: date
    municipalities: Annotated[list[Code], Field(min_length=1, max_length=500)] = Field(
        description="SOATE codes"
    )
    services: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    answer_days: Annotated[int, Field(ge=1, le=90)] = Field(
        DEFAULT_ANSWER_DAYS, description="Working days a body has to answer a finding"
    )
    origin: Origin


class MunicipalityView(Output):
    """`id` and names are absent until the registry has told of it."""

    code: str
    id: UUID | None = None
    name: dict[str, str] = {}


class ReferenceView(Output):
    """`code` and names are absent until the registry has told of it."""

    id: UUID
    code: str | None = None
    name: dict[str, str] = {}


class CampaignView(Output):
    id: UUID
    code: str
    name: dict[str, str]
    owner: ReferenceView
    starts_on: date
    ends_on: date
    municipalities: list[MunicipalityView]
    services: list[ReferenceView]
    answer_days: int
    state: CampaignState
    origin: Origin
    version: int
    created_at: datetime
    updated_at: datetime
