"""A worker as a process of its own, for tests that kill it: `python -m … SERVICE_URL KIND URL PREFIX MEMBER [MODE]`.

Modes: `die` ends in its handler; `stuck` waits there for Postgres; `after-ack` is killed when the broker has taken the first events and nothing of
that is marked; `before-offset` when the first effect is committed and its offset is not."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import SecretStr

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.broker import Broker, Outgoing, TopicPartition
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.worker import Worker, run_worker
from shared.settings import ServiceSettings
from tests.shared.messaging.places import BrokerPlace
from tests.shared.messaging.shop import PRICED, PRINCIPAL, TOPICS, ItemPriced, record_effect


class Wrapped:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class KilledAfterAcknowledgement(Wrapped):
    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        results: list[Exception | None] = await self._inner.publish(records)
        if None in results:
            os.kill(os.getpid(), signal.SIGKILL)
        return results


class KilledBeforeOffset(Wrapped):
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


async def main(service_url: str, place: BrokerPlace, member: str, mode: str) -> None:
    database = await Database.open(ServiceSettings(database_url=SecretStr(service_url)))
    broker = place.broker()
    await broker.start()

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        await record_effect(uow, events)
        await asyncio.sleep(0.01)
        if mode == "die":
            raise SystemExit(3)
        if mode == "stuck":
            await uow.sql.execute("SELECT pg_sleep(20)")

    worker = Worker(
        "shop",
        database=database,
        broker=cast("Broker", KilledAfterAcknowledgement(broker)) if mode == "after-ack" else broker,
        consumers=[Consumer("effects", (handles(PRICED, handler),))],
        topics=TOPICS,
        principal=PRINCIPAL,
        member=member,
    )
    if mode == "before-offset":
        (loop,) = worker.consumers
        loop._broker = cast("Any", KilledBeforeOffset(loop._broker))

    async def ready() -> None:
        print("ready", flush=True)

    try:
        await run_worker(worker, ready=ready)
    finally:
        await broker.stop()
        await database.close()


if __name__ == "__main__":
    _, service_url, kind, url, prefix, member, *mode = sys.argv
    asyncio.run(main(service_url, BrokerPlace(cast("Any", kind), url, prefix), member, "".join(mode)))
