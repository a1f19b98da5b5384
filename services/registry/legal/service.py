"""Use cases of legal acts."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg

from services.registry.legal import repository
from services.registry.legal.domain import act_problems, issuer_key
from services.registry.legal.schemas import ActDraft, ActRecord
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.contracts.registry import ACT_CHANGED, ActState
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, FieldError, Invalid
from shared.ids import uuid7
from shared.values import Origin

Row = asyncpg.Record


class ActExists(Conflict):
    """This act is recorded already."""

    code = "act_exists"


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


def problems_of(act: ActDraft, today: date, pointer: str = "") -> list[FieldError]:
    """What is wrong with the dates of an act that stands at `pointer` of a request."""
    found = act_problems(
        act.date,
        act.published_on,
        act.in_force_from,
        retroactive=act.retroactive_basis is not None,
        today=today,
    )
    return [replace(error, pointer=f"{pointer}{error.pointer}") for error in found]


async def in_force_since(uow: UnitOfWork, act: ActDraft) -> date:
    """As it is recorded, else as it is given now."""
    row = await repository.same_act(uow.sql, act.kind, act.number, act.date, issuer_key(act.issuer))
    if row is not None:
        return row["in_force_from"] or row["date"]  # type: ignore[no-any-return]
    return act.in_force_from or act.date


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
    row = await repository.add_act(
        uow.sql,
        {
            **record.model_dump(),
            "id": identifier,
            "title": record.title or {},
            "issuer_key": issuer_key(record.issuer),
        },
    )
    if row is not None:
        uow.emit(ACT_CHANGED, act_state(row))
        after = {"kind": row["kind"], "number": row["number"], "date": row["date"].isoformat()}
        uow.audit("act.record", "legal_act", row["id"], after=after)
    return row


def act_state(row: Row) -> ActState:
    return ActState(
        id=row["id"],
        aggregate_version=row["version"],
        kind=row["kind"],
        number=row["number"],
        date=row["date"],
        published_on=row["published_on"],
        in_force_from=row["in_force_from"],
        issuer=row["issuer"],
        title=row["title"],
        effect=row["effect"],
        status=row["status"],
        status_note=row["status_note"],
        url=row["url"],
        origin=row["origin"],
        source=row["source"],
    )
