"""Use cases of subscriptions."""

from uuid import UUID

import asyncpg

from services.notifications.subscriptions import repository
from services.notifications.subscriptions.schemas import SubscriptionChange, SubscriptionDraft
from shared.contracts.notifications import SUBSCRIPTION_CHANGED, SubscriptionState
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import expect
from shared.http.errors import NotFound
from shared.ids import uuid7

Row = asyncpg.Record


async def subscribe(uow: UnitOfWork, draft: SubscriptionDraft) -> Row:
    row = await repository.add(uow.sql, (uuid7(), uow.principal.acting(), *_values(draft)))
    assert row is not None
    return _announce(uow, row, "subscription.create")


async def change(uow: UnitOfWork, identifier: UUID, wanted: SubscriptionChange, expected: int) -> Row:
    current = await repository.lock(uow.sql, uow.principal.acting(), identifier)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    row = await repository.change(uow.sql, identifier, (*_values(wanted), wanted.active))
    assert row is not None
    return _announce(uow, row, "subscription.change")


def _values(draft: SubscriptionDraft) -> tuple[object, ...]:
    types, channels = sorted(set(draft.event_types)), sorted(set(draft.channels))
    return types, draft.territory_code, draft.sector, channels


def _announce(uow: UnitOfWork, row: Row, action: str) -> Row:
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
