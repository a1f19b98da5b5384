from uuid import uuid4

import pytest

from tests.kit.sample.spec import SPEC
from tests.kit.service import RunningService, StartService

ORG = uuid4()
WRITE = "sample:notes:write"


@pytest.fixture
async def sample(start_service: StartService) -> RunningService:
    return await start_service(SPEC)


@pytest.fixture
def writer(sample: RunningService) -> dict[str, str]:
    return sample.headers(WRITE, org=ORG, sub=uuid4())
