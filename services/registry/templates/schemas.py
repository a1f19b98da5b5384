"""Bodies of templates."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.legal.schemas import ActDraft
from services.registry.standards.schemas import LawDate
from services.registry.templates.domain import RowKind
from shared.contracts.structure import AdoptingAct, Slug
from shared.http.schemas import Input, Line, Output
from shared.text import StateName
from shared.values import Origin

RowNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(-[0-9]{1,3})?$")]


class RowDraft(Input):
    code: Slug
    number: RowNumber = Field(description='As the act numbers it; inserted rows are "15-1"')
    title: StateName
    kind: RowKind
    required: bool = Field(True, description="A standard without it is not adopted")
    unverified: bool = Field(False, description="Not compared with the act yet")
    source: Line | None = None


class TemplateDraft(Input):
    """A version as an act sets it, from a day on."""

    code: Slug = Field(description="Of the template; versions of one are numbered")
    title: StateName
    rows: Annotated[list[RowDraft], Field(min_length=1, max_length=60)]
    review_months: Annotated[int, Field(ge=1, le=240)] | None = Field(
        None, description="Within how many months a standard is reviewed; absent: not known"
    )
    act: ActDraft
    valid_from: LawDate
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class RowView(Output):
    code: str
    number: str
    title: dict[str, str]
    kind: RowKind
    required: bool
    unverified: bool
    source: str | None = None


class TemplateView(Output):
    """A version of a template, in force from `valid_from` until a version of a higher number is."""

    id: UUID
    template_id: UUID
    code: str
    number: int
    title: dict[str, str]
    rows: tuple[RowView, ...]
    review_months: int | None
    act: AdoptingAct
    valid_from: date
    recorded_at: datetime
    origin: Origin
    source: str | None
