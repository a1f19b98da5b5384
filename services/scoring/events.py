"""What scoring publishes (its contracts) and what it consumes: all of it keeps copies of others' data."""

from services.scoring.catalogue.handlers import on_service
from services.scoring.territories.handlers import on_organisation, on_territory
from services.scoring.visits.handlers import on_submissions
from shared.contracts.monitoring import SUBMISSION_APPROVED, SUBMISSION_REVISED, SUBMISSION_WITHDRAWN
from shared.contracts.registry import ORGANISATION_CHANGED, SERVICE_CHANGED, TERRITORY_CHANGED
from shared.messaging.consumer import Consumer, handles
from shared.messaging.projections import Projection, Projections

PROJECTIONS = Projections(
    Projection("territories", "registry", ("territory",), (handles(TERRITORY_CHANGED, on_territory),)),
    Projection(
        "organisations", "registry", ("organisation",), (handles(ORGANISATION_CHANGED, on_organisation),)
    ),
    Projection("services", "registry", ("service",), (handles(SERVICE_CHANGED, on_service),)),
    Projection(
        "visits",
        "monitoring",
        ("visit",),
        (
            handles(SUBMISSION_APPROVED, on_submissions),
            handles(SUBMISSION_REVISED, on_submissions),
            handles(SUBMISSION_WITHDRAWN, on_submissions),
        ),
    ),
)
CONSUMERS: tuple[Consumer, ...] = PROJECTIONS.consumers()
