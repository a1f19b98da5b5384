"""Use cases of legal acts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.legal import domain, effects_repository, repository
from services.registry.legal.domain import act_problems, issuer_key
from services.registry.legal.links import link_problems
from services.registry.legal.repository import Moment
from services.registry.legal.schemas import ActCorrection, ActDraft, ActRecord
from services.registry.legal.settling import settle
from shared.auth.origins import check_origin
from shared.auth.principal import Principal
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.ids import uuid7
from shared.values import Origin

Row = asyncpg.Record


class ActExists(Conflict):
    """This act is recorded already."""

    code = "act_exists"


class ForeignAct(Forbidden):
    """Another organisation recorded this act; only it or the platform may correct it."""

    code = "foreign_act"


async def record_act(uow: UnitOfWork, record: ActRecord) -> Row:
    """Raises ActExists (409) when kind, number, date and issuer are recorded."""
    check_origin(uow, record.origin, by_scope=True)
    problems = problems_of(record, local_date(uow.clock.now()))
    if problems:
        raise Invalid(errors=problems)
    row = await _add(uow, record, uuid7())
    if row is None:
        raise ActExists
    return row


async def correct_act(
    uow: UnitOfWork, identifier: UUID, change: ActCorrection, expected: Precondition
) -> Row:
    """Correct what is known of an act; on which days it was believed to be in force stays readable."""
    current = await own_act(uow, identifier)
    expect(current["version"], expected)
    changes = change.model_dump(exclude_none=True)
    today = local_date(uow.clock.now())
    if changes:
        corrected = {**current, **changes}
        problems = [
            *_days_of(corrected, today),
            *link_problems(change.links or []),
            *await _effects_before(uow, corrected),
        ]
        if problems:
            raise Invalid(errors=problems)
        await repository.change_act(uow.sql, identifier, changes)
        before = {name: str(current[name]) for name in ("in_force_from", "stated_status")}
        uow.audit("act.correct", "legal_act", identifier, before=before, after={"changed": sorted(changes)})
        return await settle(uow, identifier)
    row = await repository.act(uow.sql, identifier, Moment(today))
    assert row is not None
    return row


async def own_act(uow: UnitOfWork, identifier: UUID) -> Row:
    """The act, locked. Raises NotFound, or ForeignAct for those who did not record it."""
    found = (await repository.lock_acts(uow.sql, [identifier])).get(identifier)
    if found is None:
        raise NotFound
    check_own(uow.principal, found)
    return found


def check_own(caller: Principal, act: Row) -> None:
    """Acts belong to who recorded them; the platform corrects all, those of the seeds among them."""
    if "platform" not in caller.roles and act["recorder_id"] != caller.acting():
        raise ForeignAct


def problems_of(act: ActDraft, today: date, pointer: str = "") -> list[FieldError]:
    """What is wrong with the days and links of an act that stands at `pointer` of a request."""
    found = [
        replace(error, pointer=f"{pointer}{error.pointer}") for error in _days_of(act.model_dump(), today)
    ]
    return found + link_problems(act.links, pointer)


async def _effects_before(uow: UnitOfWork, act: Mapping[str, Any]) -> list[FieldError]:
    """Effects that would begin before the act does, once its days are corrected."""
    begins = domain.in_force_since(act)
    earlier = [
        row["since"]
        for row in await effects_repository.believed(uow.sql, act["id"])
        if row["act_id"] == act["id"] and row["since"] is not None and row["since"] < begins
        if not (row["retroactive_basis"] or act["retroactive_basis"])
    ]
    if not earlier:
        return []
    first = min(earlier).isoformat()
    return [
        FieldError("/in_force_from", f"It has effects since {first}.", "after_its_effects", {"since": first})
    ]


def _days_of(act: Mapping[str, Any], today: date) -> list[FieldError]:
    return act_problems(
        act["date"],
        act["published_on"],
        act["in_force_from"],
        retroactive=act["retroactive_basis"] is not None,
        today=today,
    )


async def in_force_since(uow: UnitOfWork, act: ActDraft) -> date:
    """As it is recorded, else as it is given now."""
    row = await repository.same_act(uow.sql, act.kind, act.number, act.date, issuer_key(act.issuer))
    return domain.in_force_since(act.model_dump() if row is None else dict(row))


async def ensure_act(uow: UnitOfWork, record: ActRecord, identifier: UUID) -> None:
    """Record an act under a given id; does nothing when it is recorded."""
    await _add(uow, record, identifier)


async def cite_act(uow: UnitOfWork, draft: ActDraft, origin: Origin) -> Row:
    """The act as it is recorded, or recorded now: one act may adopt many standards."""
    row = await _add(uow, ActRecord(**draft.model_dump(), origin=origin), uuid7())
    if row is None:
        row = await repository.same_act(
            uow.sql, draft.kind, draft.number, draft.date, issuer_key(draft.issuer)
        )
    assert row is not None
    return row


async def _add(uow: UnitOfWork, record: ActRecord, identifier: UUID) -> Row | None:
    added = await repository.add_act(
        uow.sql,
        {
            **record.model_dump(),
            "id": identifier,
            "title": record.title or {},
            "links": [link.model_dump(mode="json") for link in record.links],
            "issuer_key": issuer_key(record.issuer),
            "recorder_id": uow.principal.acting_or_none,
        },
    )
    if not added:
        return None
    after = {"kind": record.kind, "number": record.number, "date": record.date.isoformat()}
    uow.audit("act.record", "legal_act", identifier, after=after)
    return await settle(uow, identifier)
