"""An event that no broker would take is refused where it is emitted, so that a relay never meets it."""

import pytest

from shared.db.database import Database
from shared.db.unit_of_work import EventTooLarge
from shared.ids import uuid7
from shared.messaging.broker import MAX_RECORD_BYTES, Broker
from shared.messaging.contract import Audience
from shared.messaging.relay import Relay
from shared.messaging.sequencer import Sequencer
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.reading import all_records
from tests.shared.messaging.shop import PRICED, ItemPriced, unit

RECIPIENT_BYTES = 37


def filled(recipients: int = 0) -> ItemPriced:
    """As large as an event may be that names so many recipients."""
    payload = ItemPriced(id=uuid7(), aggregate_version=1, price=1, note="")
    room = MAX_RECORD_BYTES - RECIPIENT_BYTES * recipients - len(payload.model_dump_json())
    return payload.model_copy(update={"note": "x" * room})


@pytest.mark.parametrize("recipients", [0, 2000])
async def test_the_largest_event_reaches_its_topic(
    database: Database, either: Broker, recipients: int
) -> None:
    named = [uuid7() for _ in range(recipients)]
    async with unit(database) as uow:
        uow.emit(PRICED, filled(recipients), audience=Audience.ORGANISATIONS, recipients=named)
    wakeup = Wakeup(database.url)
    await Sequencer(database, wakeup).step()
    relay = Relay(database.url, either, wakeup)
    assert await relay.step() == 1
    await relay._close()
    (record,) = await all_records(either, PRICED.topic)
    assert len(record.value or b"") == MAX_RECORD_BYTES - RECIPIENT_BYTES * recipients


@pytest.mark.parametrize("recipients", [0, 2000])
async def test_a_larger_one_is_refused_and_takes_the_effect_back(database: Database, recipients: int) -> None:
    largest = filled(recipients)
    larger = largest.model_copy(update={"note": largest.note + "x"})

    async def write() -> None:
        async with unit(database) as uow:
            await uow.sql.execute("INSERT INTO item (id, version) VALUES ($1, 1)", uuid7())
            uow.emit(PRICED, larger, recipients=[uuid7() for _ in range(recipients)])

    with pytest.raises(EventTooLarge):
        await write()
    assert await database.pool.fetchval("SELECT count(*) FROM event") == 0
    assert await database.pool.fetchval("SELECT count(*) FROM item") == 0
