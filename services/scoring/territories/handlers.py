"""What events of the registry change here."""

from collections.abc import Sequence

from services.scoring.runs import recompute
from services.scoring.territories import repository
from shared.contracts.registry import OrganisationState, TerritoryState
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_territory(uow: UnitOfWork, events: Sequence[Received[TerritoryState]]) -> None:
    """Live runs show a municipality under its present name."""
    payloads = [event.payload for event in events]
    await repository.save_territories(
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
            for found in payloads
        ],
    )
    await recompute.after_names(uow, {found.code for found in payloads if found.municipality})


async def on_organisation(uow: UnitOfWork, events: Sequence[Received[OrganisationState]]) -> None:
    await repository.save_organisations(
        uow.sql,
        [
            {
                "id": found.id,
                "version": found.aggregate_version,
                "code": found.code,
                "territory_code": found.territory.code if found.territory else None,
                "active": found.active,
            }
            for found in (event.payload for event in events)
        ],
    )
