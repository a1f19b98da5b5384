"""Use cases of subscriptions."""

from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from services.notifications.places import repository as places
from services.notifications.subscriptions import repository
from services.notifications.subscriptions.domain import never_matching
from services.notifications.subscriptions.schemas import SubscriptionChange, SubscriptionDraft
from shared.contracts.notifications import SUBSCRIPTION_CHANGED, SubscriptionState
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import FieldError, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record
R = TypeVar("R", asyncpg.Record, dict[str, Any])


async def subscribe(uow: UnitOfWork, draft: SubscriptionDraft) -> Row:
    await _check_can_match(uow, draft)
    row = await repository.add(uow.sql, (uuid7(), uow.principal.acting(), *_values(draft)))
    assert row is not None
    return _announce(uow, row, "subscription.create")


async def change(
    uow: UnitOfWork, identifier: UUID, wanted: SubscriptionChange, expected: Precondition
) -> Row:
    current = await repository.lock(uow.sql, uow.principal.acting(), identifier)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    await _check_can_match(uow, wanted)
    row = await repository.change(uow.sql, identifier, (*_values(wanted), wanted.active))
    assert row is not None
    return _announce(uow, row, "subscription.change")


async def delete(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> None:
    current = await repository.lock(uow.sql, uow.principal.acting(), identifier)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    await repository.delete(uow.sql, identifier)
    last = {**dict(current), "active": False, "version": current["version"] + 1}
    _announce(uow, last, "subscription.delete")


async def _check_can_match(uow: UnitOfWork, draft: SubscriptionDraft) -> None:
    """Raises Invalid for whatever nothing can ever be heard of."""
    errors = never_matching(
        draft.event_types, by_place=draft.territory_code is not None, by_sector=draft.sector is not None
    )
    code = draft.territory_code
    if code is not None and not await places.known(uow.sql, code):
        errors.append(
            FieldError("/territory_code", "The registry has not told of this unit.", "unknown_territory")
        )
    if errors:
        raise Invalid(errors=errors)


def _values(draft: SubscriptionDraft) -> tuple[object, ...]:
    types, channels = sorted(set(draft.event_types)), sorted(set(draft.channels))
    return types, draft.territory_code, draft.sector, channels


def _announce(uow: UnitOfWork, row: R, action: str) -> R:
    state = SubscriptionState(
        id=row["id"],
        aggregate_version=row["version"],
        organisation_id=row["organisation_id"],
        event_types=tuple(row["event_types"]),
        channels=tuple(row["channels"]),
        active=row["active"],
    )
    uow.emit(SUBSCRIPTION_CHANGED, state, recipients=[row["organisation_id"]])
    uow.audit(action, "subscription", row["id"], after={"event_types": list(state.event_types)})
    return row
