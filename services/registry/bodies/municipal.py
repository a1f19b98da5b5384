"""Bodies of local self-government follow their units: every municipality has one, under the unit's code."""

from collections.abc import Iterator, Mapping

import asyncpg

from services.registry.access import repository as access
from services.registry.access import service as organisations
from services.registry.access.domain import OrganisationKind
from services.registry.access.schemas import OrganisationDraft
from services.registry.bodies import reorganising, repository
from services.registry.bodies.domain import BodyChange, BodyChangeKind
from services.registry.territories.changes import Change, ChangeKind, Plan, Unit
from services.registry.territories.domain import is_municipality
from shared.db.unit_of_work import UnitOfWork
from shared.ids import seed_id
from shared.values import Origin

Row = asyncpg.Record
Names = Mapping[str, Mapping[str, str]]
"""Codes of bodies that are there, with their names."""


async def ensure_body(uow: UnitOfWork, unit: Row) -> None:
    """The body of a municipality that was recorded; nothing where an organisation has its code."""
    if not unit["municipality"]:
        return
    draft = OrganisationDraft(
        id=seed_id("organisation", unit["code"]),
        code=unit["code"],
        kind=OrganisationKind.MUNICIPALITY,
        name=unit["name"],
        territory_code=unit["code"],
        valid_from=unit["valid_from"],
        origin=Origin(unit["origin"]),
        source=unit["source"],
    )
    await organisations.register_organisations(uow, [draft])


async def follow(
    uow: UnitOfWork, change: Change, before: Mapping[str, Unit], planned: Plan, row: Row
) -> None:
    """What a change of units, recorded as `row`, makes of their bodies, by the same act and on the same day."""
    codes = sorted({*change.predecessors, *(successor.code for successor in change.successors)})
    known = await access.ids_of_codes(uow.sql, codes)
    present = await repository.present_names(uow.sql, list(known.values()))
    changes = list(municipal_changes(change, before, planned, present))
    await reorganising.follow(uow, changes, row["act_id"], row["happened_on"], Origin(row["origin"]))


def municipal_changes(
    change: Change, before: Mapping[str, Unit], planned: Plan, bodies: Names
) -> Iterator[BodyChange]:
    """Pure: founded before others are merged into them."""
    old = change.predecessors[0]
    if change.kind is ChangeKind.CODE_CHANGE and old in bodies:
        [unit] = planned.added
        yield BodyChange(BodyChangeKind.RENAMING, old, name=unit.name, code=unit.code, territory=unit.code)
        return
    continuing = [unit for unit in planned.changed if unit.code in change.predecessors]
    new = [
        unit
        for unit in (*planned.added, *continuing)
        if is_municipality(unit.kind) and unit.code not in bodies
    ]
    yield from map(_founding, new)
    for unit in continuing:
        if unit.code in bodies and unit.name not in (before[unit.code].name, bodies[unit.code]):
            yield BodyChange(BodyChangeKind.RENAMING, unit.code, name=unit.name)
    yield from _taken_over(change, planned, bodies, {*bodies, *(unit.code for unit in new)})


def _taken_over(change: Change, planned: Plan, bodies: Names, there: set[str]) -> Iterator[BodyChange]:
    """Bodies of units that are no more, and what came from a unit that was split."""
    heirs = [successor.code for successor in change.successors if successor.code in there]
    for old in change.predecessors:
        others = tuple(code for code in heirs if code != old)
        if old not in bodies or not others:
            continue
        if change.kind is ChangeKind.SPLIT:
            yield BodyChange(BodyChangeKind.DIVISION, old, into=others)
        if old in planned.ended:
            yield BodyChange(BodyChangeKind.MERGER, old, into=others[:1])


def _founding(unit: Unit) -> BodyChange:
    return BodyChange(
        BodyChangeKind.FOUNDING,
        unit.code,
        name=unit.name,
        of_kind=OrganisationKind.MUNICIPALITY,
        territory=unit.code,
        founded_id=seed_id("organisation", unit.code),
    )
