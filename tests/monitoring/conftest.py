"""Monitoring as its clients meet it, with a campaign open in two municipalities."""

from datetime import UTC, datetime

import pytest

from services.monitoring.spec import SPEC
from shared.clock import FixedClock
from tests.kit.service import RunningService, StartService
from tests.monitoring.field import Field
from tests.monitoring.registry import tell, world


@pytest.fixture
def clock() -> FixedClock:
    """Monday, 15 June 2026, noon in Bishkek."""
    return FixedClock(datetime(2026, 6, 15, 6, 0, tzinfo=UTC))


@pytest.fixture
async def service(start_service: StartService, clock: FixedClock) -> RunningService:
    return await start_service(SPEC, clock=clock)


@pytest.fixture
async def field(service: RunningService) -> Field:
    """The world is told, the campaign is open, monitors and coordinators have their tokens."""
    await tell(service, *world())
    field = Field(service)
    await field.open_campaign()
    return field
