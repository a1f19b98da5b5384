"""Rules of the Register of Functions: what may be submitted, and what decisions of the commission make of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.http.errors import FieldError
from shared.text import missing

LAW_LANGUAGES = ("ky", "ru")


class RegisterStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    """Before the Interdepartmental Commission; nobody edits it any more."""
    ADOPTED = "adopted"


class FunctionLevel(StrEnum):
    STATE = "state"
    DELEGATED = "delegated"
    """Of the state, carried out by local self-government."""
    MUNICIPAL = "municipal"


class FinancedFrom(StrEnum):
    REPUBLICAN_BUDGET = "republican_budget"
    LOCAL_BUDGET = "local_budget"
    SPECIAL_FUNDS = "special_funds"
    """What the body earns itself."""
    INSURANCE_FUND = "insurance_fund"
    GRANTS = "grants"


class Decision(StrEnum):
    """Of the Interdepartmental Commission on one function."""

    KEEP = "keep"
    CHANGE = "change"
    DROP = "drop"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Function:
    id: UUID
    code: str
    body: UUID
    name: Mapping[str, str]
    level: FunctionLevel
    financed_from: FinancedFrom | None = None
    act: UUID | None = None
    provision: str | None = None
    services: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision to change says; what is None stays."""

    name: Mapping[str, str] | None = None
    level: FunctionLevel | None = None
    financed_from: FinancedFrom | None = None
    provision: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The last decision on a function."""

    decision: Decision
    target: UUID | None = None
    change: Change | None = None


def submission_problems(
    functions: Sequence[Function], repealed: frozenset[UUID], ended: frozenset[UUID]
) -> list[FieldError]:
    """Everything that keeps a draft from the commission; pointers lead to functions by their code.

    `repealed` are acts that are known not to be in force, `ended` bodies that are no more."""
    if not functions:
        return [FieldError("/functions", "The register is empty.", "register_empty")]
    return [problem for function in functions for problem in _incomplete(function, repealed, ended)]


def _incomplete(
    function: Function, repealed: frozenset[UUID], ended: frozenset[UUID]
) -> Iterator[FieldError]:
    at = f"/functions/{function.code}"
    for language in missing(function.name, LAW_LANGUAGES):
        yield FieldError(
            f"{at}/name/{language}",
            f"The text is missing in {language}.",
            "language_missing",
            {"language": language},
        )
    if function.act is None:
        yield FieldError(f"{at}/act", "A function rests on an act.", "missing")
    elif function.act in repealed:
        yield FieldError(f"{at}/act", "This act is in force no more.", "act_repealed")
    if function.financed_from is None:
        yield FieldError(f"{at}/financed_from", "Say from where it is paid.", "missing")
    if function.body in ended:
        yield FieldError(f"{at}/body", "This body is no more.", "body_ended")


def undecided(functions: Sequence[Function], rulings: Mapping[UUID, Ruling]) -> list[FieldError]:
    """Functions the commission has said nothing about."""
    return [
        FieldError(f"/functions/{function.code}", "The commission has not decided on it.", "undecided")
        for function in functions
        if function.id not in rulings
    ]


def carried_out(functions: Sequence[Function], rulings: Mapping[UUID, Ruling]) -> dict[UUID, Function | None]:
    """Each function as the decisions leave it; None where it is dropped."""
    return {function.id: _ruled(function, rulings[function.id]) for function in functions}


def _ruled(function: Function, ruling: Ruling) -> Function | None:
    if ruling.decision is Decision.DROP:
        return None
    if ruling.decision is Decision.TRANSFER and ruling.target is not None:
        return replace(function, body=ruling.target)
    if ruling.decision is Decision.CHANGE and ruling.change is not None:
        change = ruling.change
        return replace(
            function,
            name=change.name or function.name,
            level=change.level or function.level,
            financed_from=change.financed_from or function.financed_from,
            provision=change.provision or function.provision,
        )
    return function


def order_problems(valid_from: date, previous: date | None) -> list[FieldError]:
    """A version comes into force after the one before it."""
    if previous is None or valid_from > previous:
        return []
    return [
        FieldError(
            "/valid_from",
            f"The version before is in force since {previous}.",
            "not_after_previous",
            {"since": previous.isoformat()},
        )
    ]
