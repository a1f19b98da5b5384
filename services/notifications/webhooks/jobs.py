"""The job that sends a webhook. What is sent may arrive twice (a crash after the receiver's answer); the
`webhook-id` tells the receiver so."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog

from services.notifications.webhooks import repository
from services.notifications.webhooks.domain import MAX_ATTEMPTS, DeliveryState, final, sign, succeeded
from services.notifications.webhooks.service import DELIVER, place_of_secret
from shared.http.client import make_client
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.messaging.backoff import Backoff
from shared.people.keyring import CannotOpen, Keyring, Sealed

TIMEOUT_SECONDS = 15.0
log = structlog.get_logger("webhooks")


class NotDelivered(Exception):
    """The receiver did not take the message; it will be tried again."""


async def deliver(context: JobContext, payload: dict[str, Any]) -> dict[str, Any] | None:
    delivery_id = UUID(payload["delivery_id"])
    async with context.database.read() as sql:
        delivery = await repository.pending(sql, delivery_id)
    if delivery is None:
        return None
    keyring = context.database.keyring
    status, error = (
        await _send(delivery, keyring) if delivery["active"] else (None, "receiver is switched off")
    )
    state = _state(status, delivery["attempts"] + 1, active=delivery["active"])
    async with context.database.transaction() as sql:
        await repository.record_attempt(sql, delivery_id, state=state, status=status, error=error)
        if status is not None and final(status):
            await repository.set_active(sql, delivery["receiver_id"], active=False)
    if state is DeliveryState.PENDING:
        raise NotDelivered(error or f"status {status}")
    return {"state": state, "status": status}


def _state(status: int | None, attempts: int, *, active: bool) -> DeliveryState:
    if status is not None and succeeded(status):
        return DeliveryState.DELIVERED
    if not active or (status is not None and final(status)) or attempts >= MAX_ATTEMPTS:
        return DeliveryState.FAILED
    return DeliveryState.PENDING


async def _send(delivery: Any, keyring: Keyring) -> tuple[int | None, str | None]:
    timestamp = int(time.time())
    body: bytes = delivery["body"]
    message_id = str(delivery["id"])
    sealed = Sealed(delivery["secret_key_id"], delivery["secret"])
    try:
        secret = keyring.open(place_of_secret(delivery["receiver_id"]), sealed)
    except CannotOpen:  # tried again as others are: the key may come back; the job's log has the delivery
        return None, "the receiver's secret does not open"
    headers = {
        "content-type": "application/cloudevents+json",
        "user-agent": "Ashar-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }
    try:
        async with (
            make_client(timeout=TIMEOUT_SECONDS) as client,
            client.stream("POST", delivery["url"], content=body, headers=headers) as response,
        ):
            return response.status_code, None  # the answer's body is nobody's business
    except httpx.HTTPError as error:
        log.info("webhook not delivered", delivery=message_id, error=type(error).__name__)
        return None, type(error).__name__


JOBS = {
    DELIVER: Job(deliver, timeout=timedelta(seconds=60), backoff=Backoff(first=5, longest=6 * 3600)),
}
