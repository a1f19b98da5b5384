"""What notifications publishes (its contracts) and what it consumes: everything people are told of."""

from services.notifications.inbox.service import tell
from services.notifications.notices.mapping import NOTICES
from shared.messaging.consumer import Consumer, handles

CONSUMERS = (Consumer("notices", tuple(handles(event, tell) for event in NOTICES)),)
