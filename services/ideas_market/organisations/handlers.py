"""What events of the registry change here."""

from collections.abc import Sequence

from services.ideas_market.organisations import repository
from shared.contracts.registry import OrganisationState, TerritoryState
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_organisations(uow: UnitOfWork, events: Sequence[Received[OrganisationState]]) -> None:
    await repository.keep_organisations(
        uow.sql,
        [
            {
                "id": found.id,
                "version": found.aggregate_version,
                "code": found.code,
                "kind": found.kind,
                "name": found.name,
                "active": found.active,
            }
            for found in (event.payload for event in events)
        ],
    )


async def on_territories(uow: UnitOfWork, events: Sequence[Received[TerritoryState]]) -> None:
    await repository.keep_territories(
        uow.sql,
        [
            {
                "id": found.id,
                "version": found.aggregate_version,
                "code": found.code,
                "name": found.name,
                "path": found.path,
                "municipality": found.municipality,
            }
            for found in (event.payload for event in events)
        ],
    )
