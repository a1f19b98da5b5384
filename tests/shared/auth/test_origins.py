"""Who may say where a fact comes from, at each place where somebody says it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.ideas_market.spec import SPEC as IDEAS
from services.monitoring.spec import SPEC as MONITORING
from services.registry.seed import seed
from services.registry.settings import Settings
from services.registry.spec import SPEC as REGISTRY
from services.scoring.seed import seed as seed_scoring
from services.scoring.spec import SPEC as SCORING
from shared.clock import SystemClock, local_date
from shared.db.database import Database
from shared.service import ServiceSpec
from tests.kit.service import RunningService, StartService

TODAY = local_date(SystemClock().now())
PRODUCTION: Any = {"env": "production", "public_url": "https://ashar.kg"}
NAME = {"ky": "Ат", "ru": "Имя"}
ACT = {"kind": "law", "number": "1", "date": "2026-01-05", "issuer": NAME}
PLACES: dict[str, tuple[ServiceSpec, str, str, str, dict[str, Any]]] = {
    "organisation": (REGISTRY, "registry:organisations:write", "POST", "/v1/organisations",
                     {"code": "x", "kind": "ngo", "name": NAME}),
    "territory": (REGISTRY, "registry:territories:write", "POST", "/v1/territories",
                  {"code": "X", "kind": "country", "name": NAME, "edition": "1", "source": "x"}),
    "act": (REGISTRY, "registry:acts:write", "POST", "/v1/acts", ACT),
    "decree": (REGISTRY, "registry:calendar:write", "PUT", "/v1/calendar/2026", {"act": ACT}),
    "campaign": (MONITORING, "monitoring:campaigns:write", "POST", "/v1/campaigns",
                 {"code": "c", "name": NAME, "starts_on": TODAY.isoformat(),
                  "ends_on": (TODAY + timedelta(30)).isoformat(), "municipalities": ["41721000000000"],
                  "services": [str(uuid4())]}),
    "idea": (IDEAS, "ideas:ideas:write", "POST", "/v1/ideas", {"title": NAME}),
}  # fmt: skip


async def said(service: RunningService, place: str, origin: str, *roles: str) -> tuple[int, list[str]]:
    spec, scope, method, path, body = PLACES[place]
    org = None if spec is REGISTRY else uuid4()  # the registry knows all organisations, and whose an act is
    headers = service.headers(scope, org=org, roles=roles) | {"If-Match": '"0"'}
    answer = await service.client.request(method, path, json={**body, "origin": origin}, headers=headers)
    return answer.status_code, [
        f"{error['pointer']} {error['code']}" for error in answer.json().get("errors", [])
    ]


@pytest.mark.parametrize("place", PLACES)
async def test_no_demonstration_among_real_data(start_service: StartService, place: str) -> None:
    production = await start_service(PLACES[place][0], **PRODUCTION)
    assert await said(production, place, "demonstration", "platform") == (
        422,
        ["/origin demonstration_in_production"],
    )
    status, errors = await said(production, place, "official", "platform")
    assert status < 300, errors


@pytest.mark.parametrize("place", ["campaign", "idea"])
async def test_nobody_speaks_for_the_state_who_does_not(start_service: StartService, place: str) -> None:
    service = await start_service(PLACES[place][0])
    for roles in ((), ("author", "coordinator", "donor")):
        assert await said(service, place, "official", *roles) == (422, ["/origin origin_not_yours"])
    for origin in ("press", "unofficial", "demonstration"):
        assert (await said(service, place, origin, "author"))[0] == 201 or place == "campaign"
    assert (await said(service, place, "official", "municipality"))[0] in {201, 409}


async def test_a_file_of_demonstration_is_refused_row_by_row(start_service: StartService) -> None:
    scoring = await start_service(SCORING, **PRODUCTION)
    await seed_scoring(scoring.database, SystemClock())
    await scoring.database.pool.execute(
        "INSERT INTO territory (id, version, code, name, path, municipality) VALUES ($1, 1, $2, '{}', '{}', true)",
        uuid4(),
        "41721000000000",
    )
    answer = await scoring.client.post(
        "/v1/observations/imports?method=sji25",
        content="municipality_code,indicator_code,period_end,value,origin,source\n"
        "41721000000000,PAR1,2025-12-31,31.1,official,ЦИК\n"
        "41721000000000,PAR2,2025-12-31,3.1,demonstration,x\n",
        headers=scoring.headers("scoring:observations:write", roles=("analyst",), org=uuid4())
        | {"content-type": "text/csv"},
    )
    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/rows/3/origin", "demonstration_in_production")
    ]


async def test_the_seeds_leave_demonstration_out(migrated_database: Any) -> None:
    url = migrated_database(REGISTRY)
    database = await Database.open(Settings(database_url=url, **PRODUCTION))
    try:
        await seed(database, SystemClock())
        for table in (
            "organisation",
            "territory",
            "calendar_year",
            "legal_act",
            "service",
            "standard_version",
        ):
            found = await database.pool.fetchval(
                f"SELECT count(*) FROM {table} WHERE origin = 'demonstration'"
            )
            assert found == 0, table
            assert await database.pool.fetchval(f"SELECT count(*) FROM {table}") > 0, table
        await seed(database, SystemClock())
    finally:
        await database.close()
