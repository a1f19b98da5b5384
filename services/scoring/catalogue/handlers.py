"""What events of the registry change here."""

from collections.abc import Sequence

from services.scoring.catalogue import repository
from shared.contracts.registry import ServiceState
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_service(uow: UnitOfWork, events: Sequence[Received[ServiceState]]) -> None:
    await repository.save_services(
        uow.sql,
        [
            {"id": found.id, "version": found.aggregate_version, "code": found.code, "name": found.name}
            for found in (event.payload for event in events)
        ],
    )
