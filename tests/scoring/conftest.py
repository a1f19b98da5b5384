"""Scoring as its clients meet it: seeded, with three municipalities known to it."""

from datetime import UTC, datetime

import pytest

from services.scoring.seed import seed
from services.scoring.spec import SPEC
from shared.clock import FixedClock
from tests.kit.service import RunningService, StartService
from tests.scoring.client import Scoring
from tests.scoring.events import NOOKAT, OSH, TALAS, Feed, territory

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def service(start_service: StartService, clock: FixedClock) -> RunningService:
    running = await start_service(SPEC, clock=clock)
    await seed(running.database, clock)
    return running


@pytest.fixture
async def feed(service: RunningService) -> Feed:
    found = Feed(service)
    await found.deliver(
        [
            territory(OSH, "Ош", parent="41721000000000"),
            territory(NOOKAT, "Ноокат"),
            territory(TALAS, "Талас", parent="41707000000000"),
        ]
    )
    return found


@pytest.fixture
def scoring(service: RunningService, feed: Feed) -> Scoring:
    """What an analyst does over HTTP."""
    return Scoring(service)
