"""The use case of what one act makes of many bodies: all of it is recorded, or nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.access import service as organisations
from services.registry.bodies import change_repository, repository
from services.registry.bodies.domain import Body, BodyChange, Outcome, Reorganisation
from services.registry.bodies.schemas import BodyChangeDraft, ReorganisationRecord, ReorganisationView
from services.registry.bodies.views import reorganisation_event, reorganisation_views
from services.registry.catalogue import service as catalogue
from services.registry.legal import service as legal
from services.registry.legal.happening import day_problems
from shared.auth.origins import check_origin
from shared.contracts.registry import REORGANISATION_RECORDED
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, Invalid
from shared.ids import uuid7
from shared.text import pick, sort_key
from shared.values import Origin

Row = asyncpg.Record


class LaterReorganisation(Conflict):
    """A later change of one of these bodies is recorded; changes are recorded in the order of their days."""

    code = "later_reorganisation_recorded"


async def reorganise(uow: UnitOfWork, record: ReorganisationRecord) -> ReorganisationView:
    """Raises Invalid with everything wrong at once, LaterReorganisation (409)."""
    check_origin(uow, record.origin, by_scope=True)
    problems = await day_problems(uow, record.act, record.happened_on)
    changes = [_change(draft) for draft in record.changes]
    before, outcome = await _planned(uow, changes)
    if problems or outcome.problems:
        raise Invalid(errors=[*problems, *outcome.problems])
    act = await legal.cite_act(uow, record.act, record.origin)
    return await _carry_out(uow, before, outcome, act["id"], record.happened_on, record.origin, record.source)


async def follow(
    uow: UnitOfWork, changes: Sequence[BodyChange], act_id: UUID, day: date, origin: Origin
) -> None:
    """What a change of units makes of their bodies, by the same act. Raises Invalid, LaterReorganisation."""
    if not changes:
        return
    before, outcome = await _planned(uow, changes)
    if outcome.problems:
        raise Invalid(errors=outcome.problems)
    await _carry_out(uow, before, outcome, act_id, day, origin, None)


def _change(draft: BodyChangeDraft) -> BodyChange:
    return BodyChange(
        draft.kind,
        draft.body,
        draft.name,
        draft.code,
        draft.parent,
        tuple(draft.into),
        draft.of_kind,
        draft.territory_code,
        uuid7(),
    )


async def _planned(uow: UnitOfWork, changes: Sequence[BodyChange]) -> tuple[dict[UUID, Row], Outcome]:
    await change_repository.lock_bodies(uow.sql)
    rows = await change_repository.present(uow.sql)
    codes = await change_repository.former_codes(uow.sql) | {row["code"]: row["id"] for row in rows}
    bodies = [
        Body(
            row["id"],
            row["code"],
            row["kind"],
            row["name"],
            row["parent_id"],
            row["territory_code"],
            row["ended"],
        )
        for row in rows
    ]
    giving = frozenset(row["id"] for row in rows if row["with_services"])
    outcome = Reorganisation(bodies, codes, giving).apply(changes)
    return {row["id"]: row for row in rows}, outcome


async def _carry_out(
    uow: UnitOfWork,
    before: dict[UUID, Row],
    outcome: Outcome,
    act_id: UUID,
    day: date,
    origin: Origin,
    source: str | None,
) -> ReorganisationView:
    founded = [body for body in outcome.bodies.values() if body.id not in before]
    restated = [
        body for body in outcome.bodies.values() if body.id in before and _differs(body, before[body.id])
    ]
    ended = [body.id for body in outcome.bodies.values() if body.ended and not _was_ended(before, body.id)]
    touched = [*(body.id for body in restated), *ended]
    later = [before[one] for one in touched if one in before and (before[one]["state_from"] or day) > day]
    if later:
        raise LaterReorganisation(body=later[0]["code"], since=later[0]["state_from"].isoformat())
    await change_repository.keep_states(uow.sql, [body.id for body in restated], day)
    if founded:
        await access.add_organisations(uow.sql, [_founded(body, day, origin, source) for body in founded])
    await change_repository.restate(uow.sql, [_state(body) for body in restated], day)
    await change_repository.end_bodies(uow.sql, ended, day)
    taken_again = [body.code for body in restated]
    await change_repository.set_codes(uow.sql, outcome.former_codes, taken_again, day)
    identifier = uuid7()
    row = {"id": identifier, "happened_on": day, "act_id": act_id, "origin": origin, "source": source}
    await change_repository.add_reorganisation(uow.sql, row, outcome.relations)
    await catalogue.pass_on(uow, outcome.heirs)
    changed = await change_repository.rows(uow.sql, [*touched, *(body.id for body in founded)])
    await organisations.announce(uow, changed, "organisation.reorganise")
    await catalogue.bodies_renamed(uow, [*touched, *outcome.heirs.values()])
    return await _tell(uow, identifier)


def _differs(body: Body, row: Row) -> bool:
    state = (body.code, body.kind, body.name, body.parent, body.territory)
    return state != (row["code"], row["kind"], row["name"], row["parent_id"], row["territory_code"])


def _was_ended(before: dict[UUID, Row], identifier: UUID) -> bool:
    return identifier in before and bool(before[identifier]["ended"])


def _founded(body: Body, day: date, origin: Origin, source: str | None) -> dict[str, Any]:
    return {**_state(body), "origin": origin, "source": source, "valid_from": day}


def _state(body: Body) -> dict[str, Any]:
    return {
        "id": body.id,
        "code": body.code,
        "kind": body.kind,
        "name": body.name,
        "sort_key": sort_key(pick(body.name).value),
        "parent_id": body.parent,
        "territory_code": body.territory,
    }


async def _tell(uow: UnitOfWork, identifier: UUID) -> ReorganisationView:
    row = await repository.reorganisation(uow.sql, identifier)
    [view] = await reorganisation_views(uow.sql, [row])
    uow.emit(REORGANISATION_RECORDED, reorganisation_event(view))
    after = {"changes": len(view.changes), "act": row["act_number"]}
    uow.audit("body.reorganise", "reorganisation", identifier, after=after)
    return view
