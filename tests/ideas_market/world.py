"""What the tests of the market share: a small country as its neighbours tell of it, and ideas as clients write them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.clock import SystemClock, local_date
from shared.contracts.registry import (
    ORGANISATION_CHANGED,
    TERRITORY_CHANGED,
    OrganisationState,
    TerritoryState,
)
from shared.contracts.scoring import (
    RESULT_PUBLISHED,
    RUN_PUBLISHED,
    IndicatorResult,
    ResultPublished,
    RunPublished,
)
from shared.ids import seed_id
from shared.messaging.broker import Record
from shared.values import Origin, Place
from tests.kit.events import record
from tests.kit.service import RunningService

AUTHOR, DONOR, OTHER_DONOR = uuid4(), uuid4(), uuid4()
WRITE_IDEAS, RESERVE = "ideas:ideas:write", "ideas:reservations:write"
COUNTRY, OSH_REGION, OSH, KARA_SUU = "41700000000000", "41706000000000", "41721000000000", "41706242000000"
TERRITORIES = {
    COUNTRY: ("country", (COUNTRY,), False),
    OSH_REGION: ("region", (COUNTRY, OSH_REGION), False),
    OSH: ("city", (COUNTRY, OSH), True),
    KARA_SUU: ("aiyl_aimak", (COUNTRY, OSH_REGION, KARA_SUU), True),
}
RUN = uuid4()
SOON = (local_date(SystemClock().now()) + timedelta(days=60)).isoformat()


def organisation(identifier: UUID, code: str, *, version: int = 1, name: str = "") -> Record:
    payload = OrganisationState(
        id=identifier,
        aggregate_version=version,
        code=code,
        kind="ngo",
        name={"ky": name or code},
        origin=Origin.DEMONSTRATION,
    )
    return record(ORGANISATION_CHANGED, payload)


def territory(code: str, *, version: int = 1, **changes: Any) -> Record:
    kind, path, municipality = TERRITORIES[code]
    payload = TerritoryState(
        id=seed_id("territory", code),
        aggregate_version=version,
        code=code,
        kind=kind,
        **{"name": {"ky": code}, "path": path, "municipality": municipality, **changes},
        edition="2026-01",
        origin=Origin.DEMONSTRATION,
    )
    return record(TERRITORY_CHANGED, payload)


def run(identifier: UUID = RUN, *, version: int = 1) -> Record:
    payload = RunPublished(
        id=identifier,
        aggregate_version=version,
        method_code="sji25",
        method_version=1,
        period_start=date(2025, 1, 1),
        period_end=date(2025, 12, 31),
        municipalities=2,
        ranked=2,
        input_hash="0" * 64,
        published_at=datetime(2026, 2, 1, tzinfo=UTC),
    )
    return record(RUN_PUBLISHED, payload)


def result(
    run_id: UUID = RUN, code: str = OSH, *, version: int = 1, normalised: float | None = 21.5
) -> Record:
    """Indicator ACO3 with a value, ACO1 missing."""
    payload = ResultPublished(
        id=seed_id("result", f"{run_id}{code}"),
        aggregate_version=version,
        run_id=run_id,
        method_code="sji25",
        method_version=1,
        municipality=Place(id=seed_id("territory", code), code=code, name={"ky": code}),
        score=40.0,
        rank=1,
        dimensions=(),
        indicators=(
            IndicatorResult(code="ACO3", value=0.4, normalised=normalised, origin=Origin.DEMONSTRATION),
            IndicatorResult(code="ACO1", missing_reason="too_few_visits"),
        ),
        period_end=date(2025, 12, 31),
    )
    return record(RESULT_PUBLISHED, payload)


def country() -> list[Record]:
    """Everything the neighbours know."""
    parties = [
        organisation(AUTHOR, "ngo-osh"),
        organisation(DONOR, "donor"),
        organisation(OTHER_DONOR, "donor-2"),
    ]
    return [*parties, *(territory(code) for code in TERRITORIES), run(), result()]


def som(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "KGS"}


def line(title: str, quantity: str, cost: str, amount: str, funded_by: str = "requested") -> dict[str, Any]:
    return {
        "title": {"ky": title},
        "quantity": quantity,
        "unit": "даана",
        "unit_cost": som(cost),
        "amount": som(amount),
        "funded_by": funded_by,
    }


def idea(**changes: Any) -> dict[str, Any]:
    """A draft that can be published; None takes a field away."""
    whole = {
        "title": {"ky": "Мектептин жанындагы жолду оңдоо", "ru": "Ремонт дороги у школы"},
        "summary": {"ky": "Балдар мектепке коопсуз барсын."},
        "problem": {"ky": "Жол бузулган."},
        "goal": {"ky": "Жолду жабуу жана жарык коюу."},
        "sector": "roads",
        "municipality_code": OSH,
        "activities": [{"title": {"ky": "Асфальт төшөө"}, "starts": SOON, "ends": SOON}],
        "budget_lines": [
            line("Асфальт", "120", "2500.00", "300000.00"),
            line("Жумушчулар", "2.5", "20000.00", "50000.00", "own"),
        ],
        "own_contribution": [{"title": {"ky": "Ашар"}, "kind": "in_kind", "amount": som("50000.00")}],
        "stated_totals": {
            "budget": som("350000.00"),
            "own_contribution": som("50000.00"),
            "requested": som("300000.00"),
        },
        "beneficiaries": 800,
        "indicator": {"code": "ACO3", "run_id": str(RUN), "municipality_code": OSH},
        "origin": "demonstration",
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def author(market: RunningService, **claims: Any) -> dict[str, str]:
    return market.headers(WRITE_IDEAS, **{"org": AUTHOR, **claims})


def donor(market: RunningService, organisation_id: UUID = DONOR) -> dict[str, str]:
    return market.headers(RESERVE, org=organisation_id)


def based_on(headers: dict[str, str], found: httpx.Response) -> dict[str, str]:
    return headers | {"If-Match": found.headers["etag"]}


async def drafted(market: RunningService, **changes: Any) -> httpx.Response:
    found = await market.client.post("/v1/ideas", json=idea(**changes), headers=author(market))
    assert found.status_code == 201, found.text
    return found


async def published(market: RunningService, **changes: Any) -> httpx.Response:
    draft = await drafted(market, **changes)
    found = await market.client.post(
        f"/v1/ideas/{draft.json()['id']}/publish", headers=based_on(author(market), draft)
    )
    assert found.status_code == 200, found.text
    return found


async def reserved(
    market: RunningService, idea_id: str, organisation_id: UUID = DONOR, *, pledge: str = "300000.00"
) -> httpx.Response:
    return await market.client.post(
        f"/v1/ideas/{idea_id}/reservations",
        json={"pledge": som(pledge), "message": "Биз даярбыз."},
        headers=donor(market, organisation_id),
    )


async def events(market: RunningService) -> list[tuple[str, dict[str, Any]]]:
    """(type, payload) of what the service told, oldest first."""
    import orjson

    rows = await market.database.pool.fetch("SELECT type, value FROM event ORDER BY id")
    return [(row["type"], orjson.loads(row["value"])) for row in rows]


def pointers(found: httpx.Response) -> dict[str, str]:
    """Pointer → code of the field errors."""
    return {error["pointer"]: error["code"] for error in found.json()["errors"]}
