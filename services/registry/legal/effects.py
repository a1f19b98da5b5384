"""Use cases of what acts do to each other: amend, restate, suspend, repeal."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.registry.legal import effects_repository, repository
from services.registry.legal.domain import effect_problems
from services.registry.legal.periods import Force
from services.registry.legal.repository import Moment
from services.registry.legal.schemas import EffectDraft
from services.registry.legal.service import check_own, own_act
from services.registry.legal.settling import settle
from services.registry.standards.domain import record_time
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record


class EffectExists(Conflict):
    """It is recorded already that the act does this to the other from that day."""

    code = "effect_exists"


class EffectWithdrawn(Conflict):
    """This record was withdrawn before."""

    code = "effect_withdrawn"


async def record_effect(
    uow: UnitOfWork, act_id: UUID, draft: EffectDraft, expected: Precondition
) -> tuple[Row, int]:
    """What the act does to another, and the act's version. Both are told anew."""
    check_origin(uow, draft.origin, by_scope=True)
    await effects_repository.hold_alone(uow.sql)
    locked = await repository.lock_acts(uow.sql, [act_id, draft.target_id])
    act = locked.get(act_id)
    if act is None:
        raise NotFound
    check_own(uow.principal, act)
    expect(act["version"], expected)
    return await _affect(uow, act, locked.get(draft.target_id), draft, uuid7())


async def ensure_effect(uow: UnitOfWork, act_id: UUID, draft: EffectDraft, identifier: UUID) -> None:
    """Record an effect under a given id; does nothing when it is recorded."""
    await effects_repository.hold_alone(uow.sql)
    if await effects_repository.effect(uow.sql, act_id, identifier) is None:
        locked = await repository.lock_acts(uow.sql, [act_id, draft.target_id])
        await _affect(uow, locked[act_id], locked.get(draft.target_id), draft, identifier)


async def _affect(
    uow: UnitOfWork, act: Row, target: Row | None, draft: EffectDraft, identifier: UUID
) -> tuple[Row, int]:
    if target is None:
        raise Invalid.at("/target_id", "There is no such act.", "unknown_act")
    problems = await _problems(uow, act, target, draft)
    if problems:
        raise Invalid(errors=problems)
    row = {
        **draft.model_dump(),
        "id": identifier,
        "act_id": act["id"],
        "recorded_at": await _record_time(uow, target["id"]),
    }
    if not await effects_repository.add_effect(uow.sql, row):
        raise EffectExists
    after = {"target": str(target["id"]), "kind": draft.kind, "since": _plain(draft.since)}
    uow.audit("act.affect", "legal_act", act["id"], after=after)
    return await _told(uow, act["id"], target["id"], identifier)


async def withdraw_effect(
    uow: UnitOfWork, act_id: UUID, identifier: UUID, reason: str, expected: Precondition
) -> tuple[Row, int]:
    """The record was wrong. From now on it is not believed; that it was stays readable."""
    await effects_repository.hold_alone(uow.sql)
    act = await own_act(uow, act_id)
    expect(act["version"], expected)
    effect = await effects_repository.effect(uow.sql, act_id, identifier)
    if effect is None:
        raise NotFound
    if effect["withdrawn_at"] is not None:
        raise EffectWithdrawn
    await repository.lock_acts(uow.sql, [effect["target_id"]])
    at = await _record_time(uow, effect["target_id"])
    await effects_repository.withdraw(uow.sql, identifier, max(at, effect["recorded_at"]), reason)
    uow.audit("act.withdraw_effect", "legal_act", act_id, after={"effect": str(identifier)})
    return await _told(uow, act_id, effect["target_id"], identifier)


async def _problems(uow: UnitOfWork, act: Row, target: Row, draft: EffectDraft) -> list[FieldError]:
    found = effect_problems(
        draft.kind,
        dict(act),
        dict(target),
        draft.since,
        draft.until,
        local_date(uow.clock.now()),
        retroactive=bool(draft.retroactive_basis or act["retroactive_basis"]),
    )
    if found:
        return found
    if await effects_repository.leads_to(uow.sql, target["id"], act["id"]):
        return [FieldError("/target_id", "That act changes this one already.", "circle_of_acts")]
    if draft.since is not None:
        on = await repository.act(uow.sql, target["id"], Moment(draft.since))
        if on is not None and on["status"] == Force.REPEALED:
            return [FieldError("/since", "It is repealed by then.", "repealed_by_then")]
    return []


async def _record_time(uow: UnitOfWork, target_id: UUID) -> datetime:
    """After whatever was recorded of the act it is done to, so that each record has a moment of its own."""
    last = (await repository.record_times(uow.sql, target_id))["last"]
    return record_time(uow.clock.now(), last)


async def _told(uow: UnitOfWork, act_id: UUID, target_id: UUID, identifier: UUID) -> tuple[Row, int]:
    for changed in (act_id, target_id):
        await repository.change_act(uow.sql, changed, {})
    settled = [await settle(uow, changed) for changed in (act_id, target_id)]
    row = await effects_repository.effect(uow.sql, act_id, identifier)
    assert row is not None
    return row, settled[0]["version"]


def _plain(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
