"""Use cases of changes an act makes of units: recorded on their day or later, with which unit came from which."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.bodies import municipal
from services.registry.legal import service as legal
from services.registry.legal.happening import day_problems
from services.registry.legal.views import adopting_act
from services.registry.territories import change_repository, repository
from services.registry.territories.changes import Change, Plan, Successor, Unit, plan
from services.registry.territories.domain import (
    TerritoryKind,
    is_municipality,
    may_change,
    missing_languages,
)
from services.registry.territories.schemas import SuccessorDraft, TerritoryChangeRecord, TerritoryDraft
from services.registry.territories.service import RESERVED, announce, columns
from shared.auth.origins import check_origin
from shared.contracts.registry import TERRITORY_CHANGE_RECORDED
from shared.contracts.structure import TerritoryChangeState
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, FieldError, Forbidden, Invalid
from shared.ids import uuid7
from shared.text import pick, sort_key
from shared.values import Reference

Row = asyncpg.Record
ANYWHERE = "registry:territories:write"
"""The scope of those whose changes are not bound to what lies below their own body."""


class ForeignTerritory(Forbidden):
    """A registrar changes units below the own body's territory that have no self-government; the platform all."""

    code = "foreign_territory"


class LaterChange(Conflict):
    """A later change of one of these units is recorded; changes are recorded in the order of their days."""

    code = "later_change_recorded"


async def record_change(uow: UnitOfWork, record: TerritoryChangeRecord) -> Row:
    """The change as it is recorded.

    Raises Invalid with everything wrong at once, ForeignTerritory (403), LaterChange (409)."""
    check_origin(uow, record.origin, by_scope=True)
    await repository.lock_classifier(uow.sql)
    change = _change(record)
    rows = await change_repository.lock_units(uow.sql, record.predecessors)
    before = {row["code"]: _unit(row) for row in rows}
    outside = await _outside(uow, change, before)
    await _check_reach(uow, change, before, outside)
    problems = [
        *await day_problems(uow, record.act, record.happened_on),
        *await _code_problems(uow, change, before),
    ]
    if problems:
        raise Invalid(errors=problems)
    planned = plan(change, before, outside)
    if planned.problems:
        raise Invalid(errors=list(planned.problems))
    _check_order(rows, planned, record.happened_on)
    row = await _carry_out(uow, record, planned)
    await municipal.follow(uow, change, before, planned, row)
    return row


def _change(record: TerritoryChangeRecord) -> Change:
    return Change(
        record.kind,
        tuple(record.predecessors),
        tuple(
            Successor(found.code, found.name, found.kind, found.parent_code, tuple(found.children))
            for found in record.successors
        ),
    )


def _unit(row: Row) -> Unit:
    return Unit(row["code"], TerritoryKind(row["kind"]), row["name"], row["parent_code"], tuple(row["path"]))


async def _code_problems(uow: UnitOfWork, change: Change, before: Mapping[str, Unit]) -> list[FieldError]:
    """Predecessors have to be there; codes of new units were never given."""
    found = [
        FieldError(
            f"/predecessors/{index}", f"There is no unit {code}.", "unknown_territory", {"territory": code}
        )
        for index, code in enumerate(change.predecessors)
        if code not in before
    ]
    new = [successor.code for successor in change.successors if successor.code not in change.predecessors]
    used = RESERVED | await repository.ever_known(uow.sql, new)
    found += [
        FieldError(
            f"/successors/{index}/code",
            f"The code {successor.code} has been given.",
            "territory_code_used",
            {"territory": successor.code},
        )
        for index, successor in enumerate(change.successors)
        if successor.code in used and successor.code in new
    ]
    return found


async def _outside(uow: UnitOfWork, change: Change, before: Mapping[str, Unit]) -> dict[str, tuple[str, ...]]:
    """Paths of parents that are no part of what changes."""
    named = {successor.parent for successor in change.successors}
    named |= {before[code].parent for code in change.predecessors if code in before}
    known = await repository.paths(uow.sql, sorted(code for code in named if code and code not in before))
    return {code: tuple(path) for code, path in known.items()}


async def _check_reach(
    uow: UnitOfWork, change: Change, before: Mapping[str, Unit], outside: Mapping[str, tuple[str, ...]]
) -> None:
    """Asked before anything else is said of units that are not the caller's to change."""
    if uow.principal.may(ANYWHERE):
        return
    territory = await repository.territory_of_organisation(uow.sql, uow.principal.acting())
    former = [before[code] for code in change.predecessors if code in before]
    touched = [(unit.kind, unit.path) for unit in former]
    for successor in change.successors:
        kinds = [successor.kind] if successor.kind else [unit.kind for unit in former]
        above = outside.get(successor.parent or "")
        touched += [(kind, (*above, successor.code) if above else former[0].path) for kind in kinds if former]
    if not may_change(territory, touched):
        raise ForeignTerritory


def _check_order(rows: Sequence[Row], planned: Plan, day: date) -> None:
    touched = {*planned.ended, *(unit.code for unit in planned.changed)}
    later = [row for row in rows if row["code"] in touched and row["state_from"] and row["state_from"] > day]
    if later:
        raise LaterChange(territory=later[0]["code"], since=later[0]["state_from"].isoformat())


async def _carry_out(uow: UnitOfWork, record: TerritoryChangeRecord, planned: Plan) -> Row:
    act = await legal.cite_act(uow, record.act, record.origin)
    day, changed = record.happened_on, [unit.code for unit in planned.changed]
    await change_repository.keep_states(uow.sql, changed, day)
    drafts = {found.code: found for found in record.successors}
    added = [_added(record, drafts[unit.code], unit, act) for unit in planned.added]
    if added:
        await repository.add_territories(uow.sql, added)
    await change_repository.end_units(uow.sql, planned.ended, day)
    await change_repository.restate(uow.sql, [_state(unit) for unit in planned.changed], day)
    change_id = uuid7()
    row = {**record.model_dump(include={"kind", "happened_on", "origin", "source"}), "id": change_id}
    await change_repository.add_change(uow.sql, {**row, "act_id": act["id"]})
    await change_repository.relate(uow.sql, change_id, planned.relations)
    codes = [*planned.ended, *changed, *(unit.code for unit in planned.added)]
    for unit in await change_repository.rows(uow.sql, codes):
        announce(uow, unit, f"territory.{record.kind}")
    return await _tell(uow, change_id)


def _state(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "kind": unit.kind,
        "name": unit.name,
        "sort_key": sort_key(pick(unit.name).value),
        "parent_code": unit.parent,
        "path": unit.path,
        "municipality": is_municipality(unit.kind),
        "missing": missing_languages(unit.name),
    }


def _added(record: TerritoryChangeRecord, draft: SuccessorDraft, unit: Unit, act: Row) -> dict[str, Any]:
    cited = f"{act['kind']} {act['number']}, {act['date'].isoformat()}"
    return columns(
        TerritoryDraft(
            code=unit.code,
            kind=unit.kind,
            name=dict(unit.name),
            parent_code=unit.parent,
            p_code=draft.p_code,
            coordinates=draft.coordinates,
            valid_from=record.happened_on,
            edition=record.edition or cited,
            origin=record.origin,
            source=record.source or act["url"] or cited,
        ),
        unit.path,
    )


async def _tell(uow: UnitOfWork, change_id: UUID) -> Row:
    row = await change_repository.change(uow.sql, change_id)
    codes = sorted({*row["predecessors"], *row["successors"]})
    places = await repository.places(uow.sql, codes)

    def references(names: Sequence[str]) -> Iterator[Reference]:
        return (Reference(id=places[code]["id"], code=code, name=places[code]["name"]) for code in names)

    uow.emit(
        TERRITORY_CHANGE_RECORDED,
        TerritoryChangeState(
            id=row["id"],
            aggregate_version=1,
            kind=row["kind"],
            happened_on=row["happened_on"],
            predecessors=tuple(references(row["predecessors"])),
            successors=tuple(references(row["successors"])),
            act=adopting_act(row),
            origin=row["origin"],
            source=row["source"],
        ),
    )
    after = {"predecessors": row["predecessors"], "successors": row["successors"]}
    uow.audit("territory.change", "territory_change", change_id, after=after)
    return row
