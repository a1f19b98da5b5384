"""What events of the registry change here."""

from collections.abc import Sequence

from services.notifications.places import repository
from shared.contracts.registry import TerritoryState
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_territories(uow: UnitOfWork, events: Sequence[Received[TerritoryState]]) -> None:
    await repository.keep(
        uow.sql,
        [
            {"id": found.id, "version": found.aggregate_version, "code": found.code}
            for found in (event.payload for event in events)
        ],
    )
