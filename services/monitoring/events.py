"""What monitoring publishes (its contracts) and what it consumes: the registry's organisations and rules."""

from services.monitoring.references.projection import (
    apply_organisations,
    apply_services,
    apply_territories,
)
from services.monitoring.submissions.rechecks import apply_standards, apply_years
from shared.contracts.registry import (
    CALENDAR_CHANGED,
    ORGANISATION_CHANGED,
    SERVICE_CHANGED,
    STANDARD_ADOPTED,
    STANDARD_AMENDED,
    TERRITORY_CHANGED,
)
from shared.messaging.consumer import Consumer, handles
from shared.messaging.projections import Projection, Projections

PROJECTIONS = Projections(
    Projection(
        "references",
        "registry",
        ("known_organisation", "known_territory", "known_service"),
        (
            handles(ORGANISATION_CHANGED, apply_organisations),
            handles(TERRITORY_CHANGED, apply_territories),
            handles(SERVICE_CHANGED, apply_services),
        ),
    ),
    Projection(
        "rules",
        "registry",
        ("known_standard", "known_calendar_year"),
        (
            handles(STANDARD_ADOPTED, apply_standards),
            handles(STANDARD_AMENDED, apply_standards),
            handles(CALENDAR_CHANGED, apply_years),
        ),
    ),
)
CONSUMERS: tuple[Consumer, ...] = PROJECTIONS.consumers()
