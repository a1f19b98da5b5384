"""What the registry tells monitoring in these tests: one small, plausible world, told through the real consumer."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts import registry as contracts
from shared.contracts.legal import CalendarYear, Day
from shared.contracts.registry import (
    Fee,
    OrganisationState,
    RequiredDocument,
    ServiceLevel,
    ServiceState,
    StandardTerm,
    StandardVersion,
    TermUnit,
    TerritoryState,
    Tier,
)
from shared.ids import seed_id
from shared.messaging.broker import Record
from shared.messaging.contract import EventPayload, EventType
from shared.values import Origin, Reference
from tests.kit.events import deliver, record
from tests.kit.service import RunningService

OSH, OTHER = "41721000000000", "41706207804000"
COUNTRY = "41700000000000"
SERVICE = seed_id("service", "DEMO-RESIDENCE")
CONSULAR = seed_id("service", "KG-KDS")
STANDARD = seed_id("standard", "DEMO-RESIDENCE")
FIRST_VERSION = seed_id("standard-version", "DEMO-RESIDENCE:1")
MINISTRY = Reference(id=seed_id("organisation", "MFA"), code="MFA", name={"ru": "МИД"})
OWNER, STRANGER = seed_id("organisation", "watch-osh"), seed_id("organisation", "other-watch")
RECORDED = datetime(2026, 1, 10, 6, 0, tzinfo=UTC)
HOLIDAYS = (
    "2026-01-01",
    "2026-01-07",
    "2026-03-08",
    "2026-03-20",
    "2026-03-21",
    "2026-05-01",
    "2026-05-05",
    "2026-05-09",
)


def organisation(code: str, name: str = "", version: int = 1, **more: Any) -> OrganisationState:
    return OrganisationState(
        id=more.pop("id", seed_id("organisation", code)),
        aggregate_version=version,
        code=code,
        kind="municipality",
        name={"ru": name or code},
        origin=Origin.DEMONSTRATION,
        **more,
    )


def territory(code: str, name: str, version: int = 1, *, municipality: bool = True) -> TerritoryState:
    return TerritoryState(
        id=seed_id("territory", code),
        aggregate_version=version,
        code=code,
        kind="city",
        name={"ru": name},
        path=(COUNTRY, code) if code != COUNTRY else (COUNTRY,),
        municipality=municipality,
        edition="test",
        origin=Origin.OFFICIAL,
    )


def service_entry(
    identifier: UUID = SERVICE, version: int = 1, level: ServiceLevel = ServiceLevel.MUNICIPAL, **more: Any
) -> ServiceState:
    return ServiceState(
        id=identifier,
        aggregate_version=version,
        code=more.get("code", "DEMO-RESIDENCE"),
        name=more.get("name", {"ky": "Жашаган жери жөнүндө маалымкат", "ru": "Справка с места жительства"}),
        level=level,
        body=MINISTRY,
        status="active",
        origin=Origin.DEMONSTRATION,
    )


def tier(
    code: str = "ordinary",
    days: int = 3,
    fee: str | None = "100",
    unit: TermUnit = TermUnit.WORKING_DAY,
    **more: Any,
) -> Tier:
    fees = () if fee is None else (Fee(amount=Decimal(fee), currency="KGS", exempt=more.pop("exempt", ())),)
    return Tier(
        code=code,
        urgency=code,
        channel=more.pop("channel", "in_person"),
        term=StandardTerm(number=days, unit=unit),
        fees=fees,
        **more,
    )


DOCUMENTS = (
    RequiredDocument(code="passport", name={"ru": "Паспорт", "ky": "Паспорт"}),
    RequiredDocument(code="tax_id", name={"ru": "Справка о ИНН"}, obtained_by_body=True),
)


def standard(version: int = 1, aggregate_version: int | None = None, **more: Any) -> StandardVersion:
    values: dict[str, Any] = {
        "id": STANDARD,
        "aggregate_version": aggregate_version or version,
        "version": version,
        "version_id": seed_id("standard-version", f"DEMO-RESIDENCE:{version}"),
        "service": Reference(id=SERVICE, code="DEMO-RESIDENCE"),
        "level": ServiceLevel.MUNICIPAL,
        "body": MINISTRY,
        "tiers": (tier(),),
        "documents": DOCUMENTS,
        "valid_from": date(2026, 1, 1),
        "recorded_at": RECORDED + timedelta(days=version),
        "origin": Origin.DEMONSTRATION,
    }
    return StandardVersion(**{**values, **more})


def calendar(
    year: int = 2026, version: int = 1, *, decreed: bool = True, off: tuple[str, ...] = HOLIDAYS
) -> CalendarYear:
    return CalendarYear(
        id=seed_id("calendar", str(year)),
        aggregate_version=version,
        year=year,
        decreed=decreed,
        days=tuple(
            Day(date=date.fromisoformat(day), working=False, name={"ru": "Выходной"}, source="test")
            for day in off
        ),
    )


TYPES: dict[type[EventPayload], EventType[Any]] = {
    OrganisationState: contracts.ORGANISATION_CHANGED,
    TerritoryState: contracts.TERRITORY_CHANGED,
    ServiceState: contracts.SERVICE_CHANGED,
    StandardVersion: contracts.STANDARD_ADOPTED,
    CalendarYear: contracts.CALENDAR_CHANGED,
}


def record_of(payload: EventPayload, event_id: UUID | None = None) -> Record:
    return record(TYPES[type(payload)], payload, event_id=event_id)


async def tell(
    service: RunningService, *payloads: EventPayload, event_id: UUID | None = None
) -> Counter[str]:
    """Deliver events as the consumer loop does; the outcomes."""
    return await deliver(service, *(record_of(payload, event_id) for payload in payloads))


def world() -> tuple[EventPayload, ...]:
    return (
        organisation("watch-osh", "Наблюдатели Оша", id=OWNER),
        organisation(OSH, "Мэрия города Ош"),
        territory(COUNTRY, "Кыргызстан", municipality=False),
        territory(OSH, "Ош"),
        territory(OTHER, "Алайский айылный аймак"),
        service_entry(),
        service_entry(CONSULAR, level=ServiceLevel.STATE, code="KG-KDS"),
        standard(),
        calendar(),
    )
