"""Use cases of ideas: draft, edit, publish, withdraw, complete."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.ideas_market.ideas import domain, repository
from services.ideas_market.ideas.budget import Budget
from services.ideas_market.ideas.domain import NotReady, State
from services.ideas_market.ideas.schemas import IdeaDraft, NewIdea
from services.ideas_market.organisations import repository as organisations
from services.ideas_market.people.kinds import BY_DESK, PEOPLE
from services.ideas_market.results.service import cite
from services.ideas_market.search.document import search_columns
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.contracts import ideas_market as contracts
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import FieldError, Invalid, NotFound
from shared.ids import uuid7
from shared.people.consents import take_down
from shared.values import Money, Place, Reference

Row = repository.Row

_PROPOSAL = (
    "problem",
    "goal",
    "activities",
    "budget_lines",
    "own_contribution",
    "stated_totals",
    "beneficiaries",
)


async def draft_idea(uow: UnitOfWork, draft: NewIdea) -> Row:
    check_origin(uow, draft.origin)
    owner = uow.principal.acting()
    indicator = await _cited(uow.sql, draft)
    identifier = uuid7()
    year = local_date(uow.clock.now()).year
    code = domain.idea_code(year, await repository.next_number(uow.sql, year))
    await repository.add(uow.sql, identifier, code, owner, _content(code, draft, indicator))
    behalf = draft.on_behalf_of
    if behalf is not None:
        await take_down(uow, PEOPLE, behalf, purpose=BY_DESK, object_id=identifier)
    uow.audit(
        "idea.draft",
        "idea",
        identifier,
        after={"code": code},
        on_behalf_of=behalf.person_id if behalf else None,
    )
    return await _read(uow, identifier)


async def change_draft(uow: UnitOfWork, identifier: UUID, draft: IdeaDraft, expected: Precondition) -> Row:
    current = await _own(uow, identifier)
    expect(current["version"], expected)
    domain.editable(current["state"])
    check_origin(uow, draft.origin)
    indicator = await _cited(uow.sql, draft)
    await repository.change(uow.sql, identifier, _content(current["code"], draft, indicator))
    uow.audit("idea.change", "idea", identifier, after={"version": current["version"] + 1})
    return await _read(uow, identifier)


async def publish_idea(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """Put a draft on the market. Raises NotReady with everything that is missing."""
    current = await _own(uow, identifier)
    expect(current["version"], expected)
    domain.move(current["state"], State.PUBLISHED)
    idea = {**dict(current), **current["proposal"], "municipality_code": _code(current["municipality"])}
    errors = domain.problems(idea, local_date(uow.clock.now()))
    place = await _place(uow.sql, idea["municipality_code"], errors)
    indicator = await _cited_again(uow.sql, current["indicator"], errors)
    if errors or place is None:
        raise NotReady(errors=errors)
    names = [place.name, current["organisation"].get("name")]
    vector, words = search_columns(current["code"], idea, names)
    await repository.publish(
        uow.sql,
        identifier,
        {
            "place": place.model_dump(mode="json"),
            "indicator": indicator,
            "search": vector,
            "search_words": words,
            "search_names": names,
            "published_at": uow.clock.now(),
        },
    )
    row = await _read(uow, identifier)
    uow.emit(contracts.IDEA_PUBLISHED, idea_state(row))
    _audit_move(uow, current, State.PUBLISHED, "idea.publish")
    return row


async def withdraw_idea(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """Take an idea back that nobody has reserved. A draft goes without an event: nobody knew of it."""
    return await _advance(uow, identifier, expected, State.WITHDRAWN, "idea.withdraw")


async def complete_idea(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """Say that what was funded is done."""
    return await _advance(uow, identifier, expected, State.DONE, "idea.complete")


async def move(uow: UnitOfWork, current: Row, wanted: State, action: str) -> Row:
    """Move a locked idea on and tell everybody who could see it. Raises WrongState."""
    domain.move(current["state"], wanted)
    await repository.set_state(uow.sql, current["id"], wanted)
    row = await repository.lock(uow.sql, current["id"])
    assert row is not None
    if row["published_at"] is not None:
        uow.emit(contracts.IDEA_CHANGED, idea_state(row))
    _audit_move(uow, current, wanted, action)
    return row


def idea_state(row: Row) -> contracts.IdeaState:
    """The payload of a published idea."""
    totals = {name: Money.model_validate(money) for name, money in row["totals"].items()}
    return contracts.IdeaState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        title=row["title"],
        summary=row["summary"],
        sector=row["sector"],
        organisation=Reference.model_validate(row["organisation"]),
        municipality=Place.model_validate(row["municipality"]),
        indicator=row["indicator"],
        budget=totals["budget"],
        own_contribution=totals["own_contribution"],
        requested=totals["requested"],
        state=row["state"],
        published_at=row["published_at"],
        origin=row["origin"],
    )


async def _advance(
    uow: UnitOfWork, identifier: UUID, expected: Precondition, wanted: State, action: str
) -> Row:
    current = await _own(uow, identifier)
    expect(current["version"], expected)
    return await move(uow, current, wanted, action)


async def _own(uow: UnitOfWork, identifier: UUID) -> Row:
    """Others' ideas are not there for an author, published or not."""
    row = await repository.lock_own(uow.sql, uow.principal.acting(), identifier)
    if row is None:
        raise NotFound
    return row


async def _read(uow: UnitOfWork, identifier: UUID) -> Row:
    row = await repository.visible(uow.sql, identifier, uow.principal.acting_or_none)
    assert row is not None
    return row


async def _cited(sql: Connection, draft: IdeaDraft) -> dict[str, Any] | None:
    if draft.indicator is None:
        return None
    wanted = draft.indicator
    found = await cite(
        sql, code=wanted.code, run_id=wanted.run_id, municipality_code=wanted.municipality_code
    )
    if isinstance(found, FieldError):
        raise Invalid(errors=[found])
    return found.model_dump(mode="json")


async def _cited_again(
    sql: Connection, indicator: dict[str, Any] | None, errors: list[FieldError]
) -> dict[str, Any] | None:
    """The value as the run has it on the day of publication."""
    if indicator is None:
        return None
    found = await cite(
        sql,
        code=indicator["code"],
        run_id=UUID(indicator["run_id"]),
        municipality_code=indicator["municipality"]["code"],
    )
    if isinstance(found, FieldError):
        errors.append(found)
        return None
    return found.model_dump(mode="json")


async def _place(sql: Connection, code: str | None, errors: list[FieldError]) -> Place | None:
    if code is None:
        return None
    row = await organisations.territory(sql, code)
    if row is None:
        pointer, text = "/municipality_code", "The registry has not told of this municipality yet."
        errors.append(FieldError(pointer, text, "unknown_municipality"))
        return None
    if not row["municipality"]:
        errors.append(FieldError("/municipality_code", "This is not a municipality.", "not_a_municipality"))
        return None
    return Place(id=row["id"], code=row["code"], name=row["name"], path=tuple(row["path"]))


def _code(municipality: Mapping[str, Any] | None) -> str | None:
    return municipality["code"] if municipality else None


def _content(code: str, draft: IdeaDraft, indicator: dict[str, Any] | None) -> dict[str, Any]:
    """The idea's columns."""
    idea = draft.model_dump(mode="json", exclude_none=True)
    totals = Budget.of(idea).totals()
    vector, words = search_columns(code, idea)
    return {
        "title": draft.title,
        "summary": draft.summary,
        "sector": draft.sector,
        "municipality_code": draft.municipality_code,
        "indicator_code": indicator["code"] if indicator else None,
        "indicator": indicator,
        "proposal": {name: idea[name] for name in _PROPOSAL if name in idea},
        "currency": totals.budget.currency if totals else None,
        "budget_amount": totals.budget.amount if totals else None,
        "own_amount": totals.own_contribution.amount if totals else None,
        "requested_amount": totals.requested.amount if totals else None,
        "origin": draft.origin,
        "search": vector,
        "search_words": words,
    }


def _audit_move(uow: UnitOfWork, current: Row, wanted: State, action: str) -> None:
    uow.audit(action, "idea", current["id"], before={"state": current["state"]}, after={"state": wanted})
