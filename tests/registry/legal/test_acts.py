"""Legal acts: recorded once, listed newest first."""

import asyncio

from tests.kit.service import RunningService
from tests.registry.conftest import events, every_page, pointers
from tests.registry.standards.conftest import act

WRITE = "registry:acts:write"


async def test_an_act_is_recorded_once(registry: RunningService):
    headers = registry.headers(WRITE)
    made = await registry.client.post("/v1/acts", json=act(), headers=headers)
    assert made.status_code == 201, made.text
    shown = await registry.client.get(f"/v1/acts/{made.json()['id']}")
    assert shown.json() == made.json()
    assert made.headers["location"] == f"acts/{made.json()['id']}"
    twice = await registry.client.post("/v1/acts", json=act(), headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "act_exists")


async def test_a_number_and_date_belong_to_their_issuer(registry: RunningService):
    headers = registry.headers(WRITE)
    for issuer, status in (("Ошский кенеш", 201), ("Таласский кенеш", 201), ("  ошский  КЕНЕШ ", 409)):
        made = await registry.client.post("/v1/acts", json=act(issuer={"ru": issuer}), headers=headers)
        assert made.status_code == status


async def test_one_act_recorded_twice_at_once(registry: RunningService):
    headers = registry.headers(WRITE)
    answers = await asyncio.gather(
        *(registry.client.post("/v1/acts", json=act(), headers=headers) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_recorded_act_is_told_to_everybody(registry: RunningService):
    known = {
        "effect": "approves the register",
        "status": "in_force",
        "source": "https://cbd.minjust.gov.kg/1",
    }
    headers = registry.headers(WRITE)
    made = (await registry.client.post("/v1/acts", json=act(**known), headers=headers)).json()
    assert (await registry.client.post("/v1/acts", json=act(), headers=headers)).status_code == 409
    unsaid = ("version", "created_at", "status_from", "status_to")
    shown = {name: value for name, value in made.items() if name not in unsaid}
    periods = [
        {"status": "not_yet_in_force", "valid_to": "2026-03-01"},
        {"status": "in_force", "valid_from": "2026-03-01"},
    ]
    told = {"type": "registry.act.changed.v1", "aggregate_version": made["version"], **shown}
    [event] = await events(registry, "act.changed")
    assert event == told | {"periods": periods, "affects": [], "affected_by": []}


async def test_refusals(registry: RunningService):
    assert (await registry.client.post("/v1/acts", json=act())).status_code == 401
    assert (await registry.client.post("/v1/acts", json=act(), headers=registry.headers())).status_code == 403
    for changes, pointer in (
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"date": "2026-02-30"}, "/date"),
        ({"kind": "rumour"}, "/kind"),
        ({"number": ""}, "/number"),
        ({"issuer": {"ru": ""}}, "/issuer/ru"),
    ):
        refused = await registry.client.post("/v1/acts", json=act(**changes), headers=registry.headers(WRITE))
        assert refused.status_code == 422
        assert pointer in pointers(refused)


async def test_pages_come_newest_first(seeded: RunningService):
    whole = await every_page(seeded, "/v1/acts", limit=100)
    assert await every_page(seeded, "/v1/acts", limit=4) == whole
    dates = [found["date"] for found in whole]
    assert dates == sorted(dates, reverse=True)
    laws = await every_page(seeded, "/v1/acts", kind="law", status="in_force")
    assert [law["number"] for law in laws] == ["178", "139"]
