"""Events of notifications: what an organisation is subscribed to."""

from uuid import UUID

from shared.contracts.audit import audit_head
from shared.contracts.erasure import erasure_completed
from shared.messaging.contract import Audience, EventPayload, EventType


class SubscriptionState(EventPayload):
    organisation_id: UUID
    event_types: tuple[str, ...]
    channels: tuple[str, ...]
    active: bool


SUBSCRIPTION_CHANGED = EventType(
    "notifications.subscription.changed.v1",
    SubscriptionState,
    Audience.ORGANISATIONS,
    "A subscription was made, changed or ended",
)
ERASURE_COMPLETED = erasure_completed("notifications")
AUDIT_CHAINED = audit_head("notifications")
EVENTS = (SUBSCRIPTION_CHANGED, ERASURE_COMPLETED, AUDIT_CHAINED)
