"""All tables of notifications: imports each feature's, so that the metadata is whole."""

from services.notifications.base import Base
from services.notifications.inbox import tables as inbox
from services.notifications.places import tables as places
from services.notifications.subscriptions import tables as subscriptions
from services.notifications.webhooks import tables as webhooks

__all__ = ["inbox", "metadata", "places", "subscriptions", "webhooks"]
metadata = Base.metadata
