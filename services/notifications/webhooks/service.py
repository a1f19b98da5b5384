"""Use cases of receivers and deliveries."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from services.notifications.notices.texts import sentence
from services.notifications.webhooks import repository
from services.notifications.webhooks.domain import MAX_ATTEMPTS, check_receiver, new_secret, origin_of
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, NotFound
from shared.ids import uuid7
from shared.jobs.store import enqueue
from shared.messaging.envelope import Envelope
from shared.people.keyring import Place

Row = asyncpg.Record
DELIVER = "webhooks.deliver"
TEST_TYPE = "notifications.test.v1"


class ReceiverTaken(Conflict):
    """Your organisation already has a receiver at this address."""

    code = "receiver_taken"


class StillPending(Conflict):
    """This delivery is still being tried."""

    code = "still_pending"


async def add_receiver(uow: UnitOfWork, url: str, allowed: tuple[str, ...]) -> tuple[Row, str]:
    """The receiver and its secret, which nobody sees again."""
    check_receiver(url, allowed)
    secret = new_secret()
    identifier = uuid7()
    sealed = uow.keyring.seal(place_of_secret(identifier), secret)
    row = await repository.add_receiver(
        uow.sql, (identifier, uow.principal.acting(), url, sealed.key_id, sealed.value)
    )
    if row is None:
        raise ReceiverTaken
    # The rest of an address may hold a secret, or name somebody.
    uow.audit("receiver.add", "receiver", row["id"], after={"origin": origin_of(url)})
    return row, secret


def place_of_secret(receiver: UUID) -> Place:
    """Where a receiver's sealed secret stands."""
    return Place("receiver", receiver, "secret")


async def set_active(uow: UnitOfWork, identifier: UUID, *, active: bool, expected: Precondition) -> Row:
    current = await repository.receiver(uow.sql, uow.principal.acting(), identifier, lock=True)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    row = await repository.set_active(uow.sql, identifier, active=active)
    assert row is not None
    uow.audit("receiver.change", "receiver", identifier, after={"active": active})
    return row


async def queue(sql: Connection, wanted: Sequence[tuple[UUID, Envelope]]) -> None:
    """Put each event before each receiver, once; the job that sends it commits with the rest."""
    if not wanted:
        return
    fresh = await repository.add_deliveries(
        sql,
        [uuid7() for _ in wanted],
        [receiver for receiver, _ in wanted],
        [envelope.event_id for _, envelope in wanted],
        [envelope.type for _, envelope in wanted],
        [orjson.dumps(envelope.structured()) for _, envelope in wanted],
    )
    for identifier in fresh:
        await _enqueue(sql, identifier)


async def test(uow: UnitOfWork, identifier: UUID) -> UUID:
    """Send a test message; the id of its delivery."""
    receiver = await repository.receiver(uow.sql, uow.principal.acting(), identifier)
    if receiver is None:
        raise NotFound
    event_id = uuid7()
    body = {
        "specversion": "1.0",
        "id": str(event_id),
        "type": TEST_TYPE,
        "source": "https://ashar.kg/services/notifications",
        "time": uow.clock.now().isoformat(),
        "datacontenttype": "application/json",
        "data": {"title": sentence("test.title", {}), "body": sentence("test.body", {})},
    }
    fresh = await repository.add_deliveries(
        uow.sql, [uuid7()], [identifier], [event_id], [TEST_TYPE], [orjson.dumps(body)]
    )
    await _enqueue(uow.sql, fresh[0])
    return fresh[0]


async def redeliver(uow: UnitOfWork, delivery_id: UUID) -> Row:
    """Try a settled delivery again, under the same `webhook-id`."""
    current = await repository.delivery_of(uow.sql, uow.principal.acting(), delivery_id)
    if current is None:
        raise NotFound
    if current["state"] == "pending":
        raise StillPending
    row = await repository.reopen(uow.sql, delivery_id)
    assert row is not None
    await _enqueue(uow.sql, delivery_id)
    return row


async def _enqueue(sql: Connection, delivery_id: UUID) -> None:
    await enqueue(sql, DELIVER, {"delivery_id": str(delivery_id)}, max_attempts=MAX_ATTEMPTS)
