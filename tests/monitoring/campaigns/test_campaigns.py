"""Campaigns: drafted, opened, closed; seen by everybody once open."""

import asyncio
from uuid import uuid4

import pytest

from shared.contracts.monitoring import CampaignState
from tests.kit.service import RunningService
from tests.monitoring.field import CAMPAIGN, COORDINATOR_SCOPES, Field, Json
from tests.monitoring.registry import COUNTRY, OSH, OWNER, STRANGER, service_entry, tell, territory


async def draft(service: RunningService, **more: object) -> tuple[Json, dict[str, str]]:
    headers = service.headers(*COORDINATOR_SCOPES, org=OWNER)
    answer = await service.client.post("/v1/campaigns", json={**CAMPAIGN, **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json(), headers


async def test_opening_announces_the_campaign(field: Field) -> None:
    [event] = await field.events()
    state = CampaignState.model_validate(event["data"])
    assert (event["type"], event["audience"], state.state) == (
        "monitoring.campaign.opened.v1",
        "public",
        "open",
    )
    assert (str(state.id), state.aggregate_version, state.owner.id) == (field.campaign_id, 2, OWNER)
    assert state.owner.name == {"ru": "Наблюдатели Оша"}
    assert next(place.path for place in state.municipalities) == (COUNTRY, OSH)
    assert [it.code for it in state.services] == ["DEMO-RESIDENCE", "KG-KDS"]


async def test_a_draft_is_there_for_its_organisation_only(field: Field) -> None:
    drafted, headers = await draft(field.service, code="second")
    path = f"/v1/campaigns/{drafted['id']}"
    stranger = field.service.headers(*COORDINATOR_SCOPES, org=STRANGER)
    assert (await field.client.get(path, headers=headers)).status_code == 200
    assert (await field.client.get(path)).status_code == 404
    assert (await field.client.get(path, headers=stranger)).status_code == 404
    opening = await field.client.post(f"{path}/open", headers={**stranger, "If-Match": '"1"'})
    assert opening.status_code == 404
    listed = await field.client.get("/v1/campaigns")
    assert [it["code"] for it in listed.json()["items"]] == ["osh-2026"]
    own = await field.client.get("/v1/campaigns", headers=headers)
    assert [it["code"] for it in own.json()["items"]] == ["second", "osh-2026"]
    assert (await field.client.get("/v1/campaigns?state=draft")).json()["items"] == []


async def test_an_open_campaign_is_public_and_keeps_its_etag(field: Field) -> None:
    answer = await field.client.get(f"/v1/campaigns/{field.campaign_id}")
    assert answer.json()["municipalities"][0]["name"] == {"ru": "Ош"}
    again = await field.client.get(
        f"/v1/campaigns/{field.campaign_id}", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_pages(field: Field) -> None:
    for number in range(3):
        await field.open_campaign(code=f"more-{number}")
    codes: list[str] = []
    address = "/v1/campaigns?limit=2"
    while address:
        answer = await field.client.get(address)
        codes += [it["code"] for it in answer.json()["items"]]
        cursor = answer.json().get("next_cursor")
        address = f"/v1/campaigns?limit=2&cursor={cursor}" if cursor else ""
    assert codes == ["more-2", "more-1", "more-0", "osh-2026"]


async def test_references_that_have_not_arrived_are_a_state(service: RunningService) -> None:
    service_id = uuid4()
    drafted, headers = await draft(service, services=[str(service_id)], municipalities=[OSH])
    assert drafted["municipalities"] == [{"code": OSH, "name": {}}]
    assert drafted["services"] == [{"id": str(service_id), "name": {}}]
    path = f"/v1/campaigns/{drafted['id']}"
    refused = await service.client.post(f"{path}/open", headers={**headers, "If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "references_missing")
    assert refused.json()["missing"] == [OSH, str(service_id)]
    await tell(service, territory(OSH, "Ош"), service_entry(service_id))
    opened = await service.client.post(f"{path}/open", headers={**headers, "If-Match": '"1"'})
    assert opened.status_code == 200


async def test_only_municipalities_are_monitored(field: Field) -> None:
    drafted, headers = await draft(field.service, code="country", municipalities=[COUNTRY])
    refused = await field.client.post(
        f"/v1/campaigns/{drafted['id']}/open", headers={**headers, "If-Match": '"1"'}
    )
    assert (refused.status_code, refused.json()["missing"]) == (409, [COUNTRY])


async def test_states_follow_each_other(field: Field) -> None:
    path = f"/v1/campaigns/{field.campaign_id}"

    async def post(action: str, version: int, headers: dict[str, str] = field.coordinator) -> tuple[int, str]:
        answer = await field.client.post(f"{path}/{action}", headers={**headers, "If-Match": f'"{version}"'})
        return answer.status_code, answer.json().get("code", "")

    assert await post("open", 2) == (409, "wrong_campaign_state")
    assert await post("close", 1) == (412, "stale")
    stranger = field.service.headers(*COORDINATOR_SCOPES, org=STRANGER)
    assert await post("close", 2, stranger) == (403, "not_owner")
    assert (await field.client.post(f"{path}/close", headers=field.coordinator)).status_code == 428
    assert await post("close", 2) == (200, "osh-2026")
    assert await post("open", 3) == (409, "wrong_campaign_state")
    assert len(await field.events()) == 1
    refused = await field.post()
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_not_open")


async def test_two_openings_at_once(service: RunningService, field: Field) -> None:
    drafted, headers = await draft(service, code="race")
    answers = await asyncio.gather(
        *(
            service.client.post(f"/v1/campaigns/{drafted['id']}/open", headers={**headers, "If-Match": '"1"'})
            for _ in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len(await field.events("monitoring.campaign.opened.v1")) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"ends_on": "2026-02-01"}, "/ends_on"),
        ({"municipalities": []}, "/municipalities"),
        ({"services": ["no uuid"]}, "/services/0"),
        ({"name": {}}, "/name"),
        ({"name": {"ky": "\u0000"}}, "/name/ky"),
        ({"colour": "blue"}, "/colour"),
        ({"answer_days": 0}, "/answer_days"),
        ({"origin": "rumour"}, "/origin"),
    ],
)
async def test_bad_input_is_named(service: RunningService, change: Json, pointer: str) -> None:
    headers = service.headers(*COORDINATOR_SCOPES, org=OWNER)
    answer = await service.client.post("/v1/campaigns", json={**CAMPAIGN, **change}, headers=headers)
    assert answer.status_code == 422
    assert [it["pointer"] for it in answer.json()["errors"]] == [pointer]


async def test_code_is_taken_once(field: Field) -> None:
    answer = await field.client.post("/v1/campaigns", json=CAMPAIGN, headers=field.coordinator)
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_code_taken")


async def test_a_token_without_organisation_owns_nothing(service: RunningService) -> None:
    headers = service.headers(*COORDINATOR_SCOPES)
    answer = await service.client.post("/v1/campaigns", json=CAMPAIGN, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_organisation")
