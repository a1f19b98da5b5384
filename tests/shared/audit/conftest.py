"""A service's database with an audit trail, new for every test."""

import pytest

from shared.db.database import Database
from tests.shared.audit.trail import Trail
from tests.shared.messaging.conftest import database, service_url

__all__ = ["database", "service_url", "trail"]


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)
