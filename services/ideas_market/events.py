"""What the ideas market publishes (its contracts) and what it consumes: all of it keeps copies of others' data."""

from services.ideas_market.organisations.handlers import on_organisations, on_territories
from services.ideas_market.results.handlers import on_results, on_runs
from shared.contracts.registry import ORGANISATION_CHANGED, TERRITORY_CHANGED
from shared.contracts.scoring import RESULT_PUBLISHED, RUN_PUBLISHED
from shared.messaging.consumer import Consumer, handles
from shared.messaging.projections import Projection, Projections

PROJECTIONS = Projections(
    Projection(
        "organisations", "registry", ("organisation",), (handles(ORGANISATION_CHANGED, on_organisations),)
    ),
    Projection("territories", "registry", ("territory",), (handles(TERRITORY_CHANGED, on_territories),)),
    Projection(
        "results",
        "scoring",
        ("published_result", "published_run"),
        (handles(RUN_PUBLISHED, on_runs), handles(RESULT_PUBLISHED, on_results)),
    ),
)
CONSUMERS: tuple[Consumer, ...] = PROJECTIONS.consumers()
