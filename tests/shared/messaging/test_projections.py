"""A copy of another service's data: live, rebuilt over real HTTP, and both at once."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Query
from starlette.responses import Response

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Gone
from shared.ids import uuid7
from shared.messaging.changes import Cursor, Subject, read_changes
from shared.messaging.feed_client import FeedFailed, FeedGone, Pages, http_pages
from shared.messaging.local import LocalBroker
from shared.messaging.projections import Projection, Projections, RebuildRunning, rebuild
from shared.messaging.sequencer import Sequencer, start_new_epoch
from shared.messaging.subscription import Received, handles
from shared.messaging.upsert import Upsert
from shared.messaging.wakeup import Wakeup
from tests.kit.postgres import TemplateDatabases
from tests.shared.messaging.conftest import opened
from tests.shared.messaging.consuming import consuming
from tests.shared.messaging.shop import (
    CLOCK,
    PRICED,
    PRINCIPAL,
    WITHDRAWN,
    ItemPriced,
    ItemWithdrawn,
    price,
    price_many,
    until,
)
from tests.shared.messaging.test_relay import published, relaying

COPY = Upsert("price_copy", {"id": "uuid", "version": "bigint", "price": "integer", "note": "text"})


async def on_priced(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
    await COPY.apply(
        uow.sql,
        (
            {"id": p.id, "version": p.aggregate_version, "price": p.price, "note": p.note}
            for p in (event.payload for event in events)
        ),
    )


async def on_withdrawn(uow: UnitOfWork, events: Sequence[Received[ItemWithdrawn]]) -> None:
    await COPY.delete(uow.sql, [(e.payload.id, e.payload.aggregate_version) for e in events])


PRICES = Projection(
    "prices", "shop", ("price_copy",), (handles(PRICED, on_priced), handles(WITHDRAWN, on_withdrawn))
)


@pytest.fixture
async def reader(template_databases: TemplateDatabases, service_url: str) -> AsyncIterator[Database]:
    """The database of the service that keeps the copy."""
    with template_databases.lease("shop") as url:
        async with opened(url) as database:
            yield database


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's feed behind HTTP."""
    app = FastAPI()

    @app.get("/v1/changes")
    async def changes(
        limit: int,
        after: str | None = None,
        type: Annotated[list[str] | None, Query()] = None,  # noqa: A002
    ) -> Response:
        async with database.read() as connection:
            try:
                page = await read_changes(
                    connection,
                    Cursor.parse(after) if after else None,
                    limit=limit,
                    types=type or (),
                    subject=Subject(service=True, internal=True),
                )
            except Gone:
                return Response(status_code=410)
        return Response(page.body())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://owner") as client:
        yield client


@pytest.fixture
def pages(owner: httpx.AsyncClient) -> Pages:
    """The feed in pages of 50."""
    return http_pages(owner, limit=50)


async def copies(database: Database) -> dict[UUID, tuple[int, int]]:
    rows = await database.pool.fetch("SELECT id, version, price FROM price_copy")
    return {row["id"]: (row["version"], row["price"]) for row in rows}


async def state(database: Database) -> tuple[str, str | None]:
    row = await database.pool.fetchrow("SELECT state, cursor FROM projection WHERE name = 'prices'")
    assert row is not None
    return row["state"], row["cursor"]


async def rebuilt(reader: Database, pages: Pages) -> Any:
    return await rebuild(PRICES, database=reader, pages=pages, principal=PRINCIPAL, clock=CLOCK)


async def test_rebuilt_equals_live_while_writers_run(
    database: Database, reader: Database, broker: LocalBroker, owner: httpx.AsyncClient
) -> None:
    pages = http_pages(owner, limit=400)
    items = [uuid7() for _ in range(40)]
    writing = True

    async def writer() -> None:
        while writing:
            await price(
                database,
                random.choice(items),
                random.randrange(1000),
                delay=random.uniform(0, 0.01),
                withdraw=random.random() < 0.3,
            )

    async with relaying(database, broker), consuming(PRICES.consumer(), reader, broker) as live:
        writers = [asyncio.create_task(writer()) for _ in range(4)]
        try:
            await until(lambda: _many(database, 200), 20)
            for _ in range(3):
                await spoil(reader)
                result = await rebuilt(reader, pages)
                assert result.events >= 200
        finally:
            writing = False
            await asyncio.gather(*writers)
        await until(lambda: published(database))
        await until(live.caught_up)
        found = await copies(reader)
        assert found == await expected(database)
        assert len(found) > 5
        await rebuilt(reader, pages)
        assert await copies(reader) == found
    assert (await state(reader))[0] == "live"


async def spoil(database: Database) -> None:
    """Leave it as a broken handler would: wrong, and with versions that no event can correct."""
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE price_copy IN EXCLUSIVE MODE")
        await connection.execute("UPDATE price_copy SET price = -1, version = version + 1000")


async def _many(database: Database, count: int) -> bool:
    return bool(await database.pool.fetchval("SELECT count(position) FROM event") >= count)


async def expected(database: Database) -> dict[UUID, tuple[int, int]]:
    """What the events of the owner say, told by SQL alone."""
    rows = await database.pool.fetch(
        """SELECT * FROM (
               SELECT DISTINCT ON (key) key::uuid AS id, type,
                      (convert_from(value, 'UTF8')::jsonb ->> 'aggregate_version')::int AS version,
                      (convert_from(value, 'UTF8')::jsonb ->> 'price')::int AS price
               FROM event ORDER BY key, position DESC
           ) AS last WHERE type = $1""",
        PRICED.name,
    )
    return {row["id"]: (row["version"], row["price"]) for row in rows}


async def sequence(database: Database) -> None:
    one = Sequencer(database, Wakeup(database.url))
    while await one.step():
        pass


async def test_reads_the_whole_feed_in_pages(database: Database, reader: Database, pages: Pages) -> None:
    await price_many(database, 175, items=7)
    await sequence(database)
    result = await rebuilt(reader, pages)
    assert result.events == 175
    assert await copies(reader) == await expected(database)
    assert await state(reader) == ("live", result.cursor)
    assert result.cursor.endswith("-175")


async def test_of_an_empty_owner(database: Database, reader: Database, pages: Pages) -> None:
    await sequence(database)
    assert (await rebuilt(reader, pages)).events == 0
    assert (await state(reader))[0] == "live"


async def test_only_one_at_a_time(database: Database, reader: Database, pages: Pages) -> None:
    await sequence(database)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(types: Sequence[str]) -> AsyncIterator[Any]:
        entered.set()
        await leave.wait()
        async for page in pages(types):
            yield page

    first = asyncio.create_task(rebuilt(reader, slow))
    await entered.wait()
    assert (await state(reader))[0] == "rebuilding"
    with pytest.raises(RebuildRunning):
        await rebuilt(reader, pages)
    leave.set()
    await first
    await rebuilt(reader, pages)


async def test_starts_again_when_the_owner_was_restored(
    database: Database, reader: Database, pages: Pages
) -> None:
    await price_many(database, 120, items=5)
    await sequence(database)
    restored = False

    async def unlucky(types: Sequence[str]) -> AsyncIterator[Any]:
        nonlocal restored
        async for page in pages(types):
            yield page
            if not restored:
                restored = True
                await start_new_epoch(database)

    result = await rebuilt(reader, unlucky)
    assert restored
    assert result.events == 120
    assert await copies(reader) == await expected(database)


async def test_that_fails_leaves_it_broken(database: Database, reader: Database) -> None:
    async def answers(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503 if "broken" in str(request.url) else 200, content=b'{"items": 1}')

    async with httpx.AsyncClient(transport=httpx.MockTransport(answers), base_url="http://owner") as client:
        for path in ("/broken", "/nonsense"):
            with pytest.raises(FeedFailed):
                await rebuilt(reader, http_pages(client, path))
            assert (await state(reader))[0] == "broken"


async def test_gives_up_when_the_feed_stays_gone(database: Database, reader: Database) -> None:
    async def gone(request: httpx.Request) -> httpx.Response:
        return httpx.Response(410)

    async with httpx.AsyncClient(transport=httpx.MockTransport(gone), base_url="http://owner") as client:
        with pytest.raises(FeedGone):
            await rebuilt(reader, http_pages(client))
    assert (await state(reader))[0] == "broken"


def test_a_registry_of_projections() -> None:
    registry = Projections(PRICES)
    assert registry["prices"] is PRICES
    assert registry.names == ("prices",)
    (consumer,) = registry.consumers()
    assert (consumer.name, consumer.ordered) == ("projection.prices", True)
    assert consumer.topics == (PRICED.topic,)
