"""The one use case behind all events: find out who is to be told, and tell them once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.notifications.inbox import repository
from services.notifications.inbox.repository import Delivery
from services.notifications.notices.domain import Notice
from services.notifications.notices.mapping import NOTICES
from services.notifications.subscriptions import repository as subscriptions
from services.notifications.webhooks import repository as receivers
from services.notifications.webhooks import service as webhooks
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received

_BY_NAME = {event.name: notice for event, notice in NOTICES.items()}


async def tell(uow: UnitOfWork, events: Sequence[Received[Any]]) -> None:
    """Inbox entries and webhooks for a batch of events, in a handful of statements."""
    notices = [_BY_NAME[event.envelope.type](event) for event in events]
    told = [Delivery(recipient, notice, None) for notice in notices for recipient in notice.recipients]
    inbox, hooks = list(told), [(delivery.organisation_id, delivery.notice) for delivery in told]
    for row in await subscriptions.matching(uow.sql, notices):
        notice = notices[row["n"]]
        if "inbox" in row["channels"]:
            inbox.append(Delivery(row["organisation_id"], notice, row["subscription_id"]))
        if "webhook" in row["channels"]:
            hooks.append((row["organisation_id"], notice))
    if inbox:
        await repository.add(uow.sql, inbox)
    await _queue_webhooks(uow, hooks, {event.envelope.event_id: event.envelope for event in events})


async def _queue_webhooks(
    uow: UnitOfWork, wanted: Sequence[tuple[UUID, Notice]], envelopes: dict[UUID, Envelope]
) -> None:
    """Direct recipients hear of it at all their receivers, subscribers where they asked for webhooks."""
    if not wanted:
        return
    found: dict[UUID, list[UUID]] = {}
    for row in await receivers.receivers_of(uow.sql, list({organisation for organisation, _ in wanted})):
        found.setdefault(row["organisation_id"], []).append(row["id"])
    pairs = {
        (receiver, notice.event_id)
        for organisation, notice in wanted
        for receiver in found.get(organisation, ())
    }
    await webhooks.queue(uow.sql, [(receiver, envelopes[event]) for receiver, event in sorted(pairs)])
