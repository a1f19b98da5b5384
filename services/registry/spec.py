"""The registry in one table: features, events, migrations."""

from pathlib import Path

from services.registry import events
from services.registry.access.routes import router as access
from services.registry.access.token_routes import router as tokens
from services.registry.settings import Settings
from services.registry.tables import metadata
from shared.contracts import registry as contracts
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent

SPEC = ServiceSpec(
    name="registry",
    title="Ashar Registry",
    description="Unified Register of Public Services: what the state promises, and who acts for which body.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(
        Feature("access", access, ("organisations", "memberships", "api-keys")),
        Feature("tokens", tokens, ("tokens", ".well-known")),
    ),
    publishes=contracts.EVENTS,
    consumers=events.CONSUMERS,
    locales=(HERE / "locales",),
)
