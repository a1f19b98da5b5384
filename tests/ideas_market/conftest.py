import pytest

from services.ideas_market.spec import SPEC
from tests.ideas_market.world import country
from tests.kit.events import deliver
from tests.kit.service import RunningService, StartService


@pytest.fixture
async def empty_market(start_service: StartService) -> RunningService:
    """A market nobody has told anything."""
    return await start_service(SPEC)


@pytest.fixture
async def market(empty_market: RunningService) -> RunningService:
    await deliver(empty_market, *country())
    return empty_market
