"""A service's database with an audit trail, new for every test."""

from collections.abc import AsyncIterator

import pytest

from shared.db.database import Database
from tests.shared.audit.trail import WRITERS, Trail
from tests.shared.messaging.conftest import opened, service_url

__all__ = ["database", "service_url", "trail"]


@pytest.fixture
async def database(service_url: str) -> AsyncIterator[Database]:
    async with opened(service_url, pool=WRITERS + 4) as database:
        yield database


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)
