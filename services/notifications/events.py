"""What notifications publishes (its contracts) and what it consumes: everything people are told of, and the places a
subscription can name."""

from services.notifications.inbox.service import tell
from services.notifications.notices.mapping import NOTICES
from services.notifications.places.handlers import on_territories
from shared.contracts.registry import TERRITORY_CHANGED
from shared.messaging.consumer import Consumer, handles
from shared.messaging.projections import Projection, Projections

PROJECTIONS = Projections(
    Projection("places", "registry", ("place",), (handles(TERRITORY_CHANGED, on_territories),)),
)
CONSUMERS = (
    Consumer("notices", tuple(handles(event, tell) for event in NOTICES)),
    *PROJECTIONS.consumers(),
)
