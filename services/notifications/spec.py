"""Notifications in one table: features, events, migrations."""

from pathlib import Path

from services.notifications import events
from services.notifications.contacts.routes import router as contacts
from services.notifications.inbox.routes import router as inbox
from services.notifications.people.kinds import PEOPLE
from services.notifications.settings import Settings
from services.notifications.subscriptions.routes import router as subscriptions
from services.notifications.tables import metadata
from services.notifications.webhooks.jobs import JOBS
from services.notifications.webhooks.routes import router as webhooks
from shared.contracts import notifications as contracts
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent

SPEC = ServiceSpec(
    name="notifications",
    title="Ashar Notifications",
    description="Subscriptions, inbox and signed webhooks: everybody told in time.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(
        Feature("contacts", contacts, ("contacts",)),
        Feature("subscriptions", subscriptions, ("subscriptions",)),
        Feature("inbox", inbox, ("inbox",)),
        Feature("webhooks", webhooks, ("webhooks", "deliveries")),
    ),
    publishes=contracts.EVENTS,
    consumers=events.CONSUMERS,
    projections=events.PROJECTIONS,
    locales=(HERE / "locales",),
    people=PEOPLE,
    jobs=JOBS,
)
