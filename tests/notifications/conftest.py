from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.notifications.spec import SPEC
from shared.contracts.ideas_market import IDEA_PUBLISHED, RESERVATION_MADE, IdeaState, ReservationState
from shared.contracts.registry import TERRITORY_CHANGED, TerritoryState
from shared.messaging.broker import Record
from shared.values import Money, Origin, Place, Reference
from tests.kit.events import deliver, record
from tests.kit.service import RunningService, StartService

SCOPES = ("notifications:subscriptions:write", "notifications:inbox:read")
COUNTRY, OSH = "41700000000000", "41721000000000"


@pytest.fixture
async def notifications(start_service: StartService) -> RunningService:
    service = await start_service(SPEC, webhook_receivers=("http://127.0.0.1:9",))
    await deliver(service, territory(COUNTRY), territory(OSH))
    return service


def territory(code: str) -> Record:
    payload = TerritoryState(
        id=uuid4(),
        aggregate_version=1,
        code=code,
        kind="city",
        name={"ru": code},
        path=(COUNTRY, code),
        municipality=True,
        edition="2025",
        origin=Origin.OFFICIAL,
    )
    return record(TERRITORY_CHANGED, payload)


def member(service: RunningService, organisation: UUID) -> dict[str, str]:
    return service.headers(*SCOPES, org=organisation)


def idea(
    *, path: tuple[str, ...] = ("41700000000000", OSH), sector: str = "water", **changes: object
) -> Record:
    payload = IdeaState(
        id=uuid4(),
        aggregate_version=1,
        code="OSH-1",
        title={"ky": "Таза суу", "ru": "Чистая вода"},
        summary={},
        sector=sector,
        organisation=Reference(id=uuid4(), name={"ru": "НКО"}),
        municipality=Place(id=uuid4(), code=path[-1], name={"ru": "Ош"}, path=path),
        budget=Money(amount="1500000"),
        own_contribution=Money(amount="300000"),
        requested=Money(amount="1200000"),
        state="published",
        published_at=datetime.now(UTC),
        origin=Origin.DEMONSTRATION,
    )
    return record(IDEA_PUBLISHED, payload, **changes)


def reservation(*, recipients: list[UUID], **changes: object) -> Record:
    payload = ReservationState(
        id=uuid4(),
        aggregate_version=1,
        idea=Reference(id=uuid4(), name={"ky": "Таза суу"}),
        organisation=Reference(id=recipients[0], name={"ru": "НКО"}),
        donor=Reference(id=uuid4(), name={"en": "Donor"}),
        pledge=Money(amount="1200000"),
        state="active",
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )
    return record(RESERVATION_MADE, payload, recipients=recipients, **changes)
