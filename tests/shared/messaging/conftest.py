"""A service's database and a broker on a real Postgres, new for every test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.local.blocking import run_blocking
from shared.db.database import Database
from shared.messaging.broker import Broker
from shared.messaging.local import LocalBroker
from shared.messaging.local_schema import ensure_schema
from shared.settings import ServiceSettings
from tests.kit.postgres import TemplateDatabases
from tests.shared.messaging.places import QUICK_BROKER, BrokerPlace
from tests.shared.messaging.shop import TOPICS, create_tables
from tests.shared.messaging.troubled import TroubledShop

OpenDatabase = Callable[[str], AbstractAsyncContextManager[Database]]


async def _create_broker(url: str) -> None:
    connection = await asyncpg.connect(url)
    await ensure_schema(connection)
    await connection.close()


@pytest.fixture
def service_url(template_databases: TemplateDatabases) -> Iterator[str]:
    template_databases.ensure("shop", create_tables)
    with template_databases.lease("shop") as url:
        yield url


@pytest.fixture(scope="session")
def _broker_database(template_databases: TemplateDatabases) -> Iterator[str]:
    template_databases.ensure("broker", _create_broker)
    with template_databases.lease("broker") as url:
        yield url


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    await connection.execute("TRUNCATE partition, record, group_offset")
    await connection.close()


@pytest.fixture
def broker_url(_broker_database: str) -> str:
    """An empty broker database that nobody is connected to: emptied, which is quicker than made."""
    run_blocking(_empty(_broker_database))
    return _broker_database


@pytest.fixture
def bare_broker_url(template_databases: TemplateDatabases) -> Iterator[str]:
    """A broker database for tests that change its tables."""
    template_databases.ensure("broker", _create_broker)
    with template_databases.lease("broker") as url:
        yield url


@asynccontextmanager
async def opened(url: str, pool: int = 12) -> AsyncIterator[Database]:
    database = await Database.open(
        ServiceSettings(database_url=SecretStr(url), database_pool_max=pool, env="test")
    )
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(service_url: str) -> AsyncIterator[Database]:
    async with opened(service_url) as database:
        yield database


@pytest.fixture
async def broker(broker_url: str) -> AsyncIterator[LocalBroker]:
    broker = LocalBroker(broker_url, QUICK_BROKER)
    await broker.start()
    await broker.ensure_topics(TOPICS)
    yield broker
    await broker.stop()


@pytest.fixture(params=["local", "kafka"])
def place(request: pytest.FixtureRequest, kafka_name: str) -> BrokerPlace:
    """Where a broker is, once of each kind."""
    if request.param == "local":
        return BrokerPlace("local", request.getfixturevalue("broker_url"), "")
    return BrokerPlace("kafka", request.getfixturevalue("kafka_cluster").bootstrap, kafka_name)


@pytest.fixture
async def either(place: BrokerPlace) -> AsyncIterator[Broker]:
    """A broker of each kind, with the shop's topics."""
    broker = place.broker()
    await broker.start()
    await broker.ensure_topics(TOPICS)
    yield broker
    await broker.stop()


@pytest.fixture
def shop(database: Database, broker: Broker) -> TroubledShop:
    return TroubledShop(database, broker)
