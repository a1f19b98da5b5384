"""Bodies of ideas."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.ideas_market.ideas.budget import ContributionKind, FundedBy
from services.ideas_market.ideas.domain import State
from shared.contracts.ideas_market import IndicatorCited
from shared.http.money import MoneyGiven, PlainDecimal
from shared.http.schemas import Code, Input, Line, Output
from shared.people.consents import OnBehalfOf
from shared.people.contact_details import names_a_contact
from shared.text import TextRule
from shared.values import Money, Origin, Reference


def _in_kyrgyz_or_russian(texts: dict[str, str]) -> dict[str, str]:
    if not {"ky", "ru"} & texts.keys():
        raise PydanticCustomError("ky_or_ru", "The text is needed in Kyrgyz or in Russian.")
    return texts


def _without_contacts(texts: dict[str, str]) -> dict[str, str]:
    """Everybody reads these, and events carry them for ever."""
    if any(names_a_contact(text) for text in texts.values()):
        raise PydanticCustomError(
            "contact_in_text", "Telephone numbers and e-mail addresses belong into the idea's contact."
        )
    return texts


_EITHER = Field(json_schema_extra={"anyOf": [{"required": ["ky"]}, {"required": ["ru"]}]})
Title = Annotated[
    dict[str, str],
    TextRule(max_length=200, multiline=False),
    AfterValidator(_in_kyrgyz_or_russian),
    AfterValidator(_without_contacts),
    _EITHER,
]
Paragraph = Annotated[
    dict[str, str],
    TextRule(max_length=1_000),
    AfterValidator(_in_kyrgyz_or_russian),
    AfterValidator(_without_contacts),
    _EITHER,
]
Essay = Annotated[
    dict[str, str],
    TextRule(max_length=3_000),
    AfterValidator(_in_kyrgyz_or_russian),
    AfterValidator(_without_contacts),
    _EITHER,
]
Quantity = Annotated[
    PlainDecimal,
    Field(gt=0, max_digits=12, decimal_places=3),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?$"}, mode="validation"),
]


class Activity(Input):
    title: Title
    starts: date
    ends: date | None = None


class BudgetLine(Input):
    """`amount` is `quantity` times `unit_cost`, rounded half up to the smallest amount of the currency."""

    title: Title
    quantity: Quantity
    unit: Line
    unit_cost: MoneyGiven
    amount: MoneyGiven
    funded_by: FundedBy


class Contribution(Input):
    """How the applicant covers the lines it funds itself."""

    title: Title
    kind: ContributionKind
    amount: MoneyGiven


class StatedTotals(Input):
    """Totals as the applicant states them; held against the lines when the idea is published."""

    budget: MoneyGiven
    own_contribution: MoneyGiven
    requested: MoneyGiven


class Citation(Input):
    """An indicator of a municipality in a published run of an index."""

    code: Code
    run_id: UUID
    municipality_code: Code


class IdeaDraft(Input):
    """Only the title is needed to begin; what publishing needs besides is told all at once then."""

    title: Title
    summary: Paragraph | None = None
    problem: Essay | None = None
    goal: Essay | None = None
    sector: Code | None = None
    municipality_code: Code | None = Field(None, description="SOATE code")
    activities: Annotated[list[Activity], Field(max_length=20)] = []
    budget_lines: Annotated[list[BudgetLine], Field(max_length=100)] = []
    own_contribution: Annotated[list[Contribution], Field(max_length=50)] = []
    stated_totals: StatedTotals | None = None
    beneficiaries: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    indicator: Citation | None = None
    origin: Origin = Origin.UNOFFICIAL


class NewIdea(IdeaDraft):
    on_behalf_of: OnBehalfOf | None = Field(
        None, description="At a desk: the person without internet whose idea this is, and their consent"
    )


class Totals(Output):
    budget: Money
    own_contribution: Money
    requested: Money


class Municipality(Output):
    """`id`, `name` and `path` are absent until the registry has told of the code."""

    code: str
    id: UUID | None = None
    name: dict[str, str] | None = None
    path: tuple[str, ...] | None = None


class IdeaSummary(Output):
    """An idea as lists show it."""

    id: UUID
    code: str
    title: dict[str, str]
    summary: dict[str, str] | None = None
    sector: str | None = None
    organisation: Reference
    municipality: Municipality | None = None
    indicator: IndicatorCited | None = None
    totals: Totals | None = Field(
        None, description="Sums of the budget lines; absent while they cannot be summed"
    )
    state: State
    origin: Origin
    published_at: datetime | None = None
    version: int


class ActivityView(Output):
    title: dict[str, str]
    starts: date
    ends: date | None = None


class BudgetLineView(Output):
    title: dict[str, str]
    quantity: Decimal
    unit: str
    unit_cost: Money
    amount: Money
    funded_by: FundedBy


class ContributionView(Output):
    title: dict[str, str]
    kind: ContributionKind
    amount: Money


class IdeaView(IdeaSummary):
    """An idea as its own page shows it."""

    problem: dict[str, str] | None = None
    goal: dict[str, str] | None = None
    activities: list[ActivityView] = []
    budget_lines: list[BudgetLineView] = []
    own_contribution: list[ContributionView] = []
    stated_totals: Totals | None = None
    beneficiaries: int | None = None
    created_at: datetime
    updated_at: datetime
