"""What events of scoring change here."""

from collections.abc import Sequence

from services.ideas_market.results import repository
from shared.contracts.scoring import ResultPublished, RunPublished
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_runs(uow: UnitOfWork, events: Sequence[Received[RunPublished]]) -> None:
    await repository.keep_runs(
        uow.sql,
        [
            {
                "id": found.id,
                "version": found.aggregate_version,
                "method_code": found.method_code,
                "method_version": found.method_version,
                "period_start": found.period_start,
                "period_end": found.period_end,
                "published_at": found.published_at,
            }
            for found in (event.payload for event in events)
        ],
    )


async def on_results(uow: UnitOfWork, events: Sequence[Received[ResultPublished]]) -> None:
    await repository.keep_results(
        uow.sql,
        [
            {
                "id": found.id,
                "version": found.aggregate_version,
                "run_id": found.run_id,
                "municipality_code": found.municipality.code,
                "municipality": found.municipality.model_dump(mode="json"),
                "indicators": _indicators(found),
            }
            for found in (event.payload for event in events)
        ],
    )


def _indicators(result: ResultPublished) -> dict[str, object]:
    wanted = {"value", "normalised", "missing_reason", "origin"}
    return {found.code: found.model_dump(mode="json", include=wanted) for found in result.indicators}
