"""Fills the databases of area `core`: the registry's own seeds and generated entries, a campaign to submit to."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from services.monitoring.spec import SPEC as MONITORING
from services.registry.catalogue import service as catalogue
from services.registry.catalogue.schemas import CollectedService
from services.registry.seed import Loader
from services.registry.spec import SPEC as REGISTRY
from shared.clock import SystemClock
from shared.contracts.legal import CalendarYear
from shared.contracts.registry import (
    CALENDAR_CHANGED,
    SERVICE_CHANGED,
    STANDARD_ADOPTED,
    TERRITORY_CHANGED,
    ServiceState,
    StandardVersion,
    TerritoryState,
)
from shared.db.database import Database
from shared.ids import seed_id
from tests.kit.events import deliver, record
from tests.kit.service import running_service

EXAMPLES = Path("shared/contracts/examples")
BODY = "MFA"
ENTRIES = 600
OWNER = seed_id("organisation", "bench-coordinator")
CAMPAIGN_CODE = "BENCH"
MUNICIPALITY = "41721000000000"
VISIT: dict[str, Any] = {
    "municipality_code": MUNICIPALITY,
    "tier": "ordinary",
    "applied_on": "2026-03-02",
    "delivered_on": "2026-03-04",
    "fees_paid": [{"amount": "100.00", "currency": "KGS"}],
    "documents_asked": ["identity_card"],
    "note": "Күтүү 20 мүнөткө созулду, кезек электрондук болду.",
}
"""A visit that keeps the example's standard; campaign and service are added."""


async def fill_registry(url: str) -> None:
    """The real seeds, and enough register entries of one body for pages of fifty."""
    settings: Any = REGISTRY.settings(database_url=url)
    database = await Database.open(settings, role="seed")
    try:
        assert REGISTRY.seed is not None
        await REGISTRY.seed(database, SystemClock())
        async with Loader(database, SystemClock()).unit_of_work() as uow:
            await catalogue.collect(uow, [_entry(number) for number in range(ENTRIES)])
    finally:
        await database.close()


def _entry(number: int) -> CollectedService:
    return CollectedService.model_validate(
        {
            "code": f"BENCH-{number}",
            "level": "state",
            "name": {
                "ky": f"Жарандарга маалымкат берүү, {number}-түрү",
                "ru": f"Выдача гражданам справки, вид {number}",
            },
            "name_states": {"ky": "working", "ru": "verbatim"},
            "body_code": BODY,
            "status": "collected",
            "sector": "consular",
            "register_numbers": [{"section": "1", "item": str(number)}],
            "facts": {"term": "3 рабочих дня", "fee": "500 сом", "channel": "лично"},
            "origin": "demonstration",
            "source": "generated for measurements",
        }
    )


async def fill_monitoring(url: str) -> None:
    """The references a visit is checked against, told by events, and an open campaign."""
    standard = StandardVersion.model_validate(
        {**_example("standard.adopted"), "valid_from": "2026-01-01", "valid_to": None}
    )
    territory = TerritoryState.model_validate(_example("territory.changed"))
    entry = ServiceState.model_validate(
        {**_example("service.changed"), "id": standard.service.id, "level": "municipal"}
    )
    year = CalendarYear.model_validate(_example("calendar.changed"))
    async with running_service(MONITORING, url) as service:
        await deliver(
            service,
            record(TERRITORY_CHANGED, territory),
            record(SERVICE_CHANGED, entry),
            record(CALENDAR_CHANGED, year),
            record(STANDARD_ADOPTED, standard),
        )
        headers = service.headers("monitoring:campaigns:write", org=OWNER)
        drafted = await service.client.post(
            "/v1/campaigns", json=_campaign(standard.service.id), headers=headers
        )
        opened = await service.client.post(
            f"/v1/campaigns/{drafted.raise_for_status().json()['id']}/open",
            headers={**headers, "If-Match": drafted.headers["etag"]},
        )
        opened.raise_for_status()


def _campaign(service_id: UUID) -> dict[str, Any]:
    return {
        "code": CAMPAIGN_CODE,
        "name": {"ky": "Өлчөө", "ru": "Измерение"},
        "starts_on": date(2026, 1, 1).isoformat(),
        "ends_on": date(2026, 12, 31).isoformat(),
        "municipalities": [MUNICIPALITY],
        "services": [str(service_id)],
        "origin": "demonstration",
    }


def _example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / f"registry.{name}.v1.json").read_text())
    return found
