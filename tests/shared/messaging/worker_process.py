"""A worker as a process of its own, for tests that kill it: `python -m … SERVICE_URL BROKER_URL [die]`."""

import asyncio
import sys
from collections.abc import Sequence

from pydantic import SecretStr

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.local import LocalBroker
from shared.messaging.local_consumer import LocalSettings
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.worker import Worker, run_worker
from shared.settings import ServiceSettings
from tests.shared.messaging.shop import PRICED, PRINCIPAL, TOPICS, ItemPriced, record_effect


async def main(service_url: str, broker_url: str, *, die: bool) -> None:
    database = await Database.open(ServiceSettings(database_url=SecretStr(service_url)))
    broker = LocalBroker(broker_url, LocalSettings(balance_seconds=0.1))
    await broker.start()

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        await record_effect(uow, events)
        await asyncio.sleep(0.01)
        if die:
            raise SystemExit(3)

    worker = Worker(
        "shop",
        database=database,
        broker=broker,
        consumers=[Consumer("effects", (handles(PRICED, handler),))],
        topics=TOPICS,
        principal=PRINCIPAL,
    )

    async def ready() -> None:
        print("ready", flush=True)

    try:
        await run_worker(worker, ready=ready)
    finally:
        await broker.stop()
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], die="die" in sys.argv))
