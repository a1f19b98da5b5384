"""API keys: how they are made, and that nobody who was dismissed or erased comes back through one they made."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.clock import FixedClock
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, add_organisation, events, every_page, pointers


@pytest.fixture
async def home(registry: RunningService) -> UUID:
    return await add_organisation(registry, "osh-eldik", "group")


def platform(registry: RunningService) -> dict[str, str]:
    return registry.headers(
        *PLATFORM, "registry:persons:erase", org=UUID(int=1), roles=("platform",), sub=UUID(int=2)
    )


async def boss_of(registry: RunningService, home: UUID, **changes: Any) -> dict[str, Any]:
    made = await registry.client.post(
        f"/v1/organisations/{home}/memberships",
        json={"role": "administrator", "valid_from": "2026-01-01", **changes},
        headers=platform(registry),
    )
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def key_of(registry: RunningService, home: UUID, maker: str, *roles: str) -> dict[str, Any]:
    """Made by this person or key, acting as administrator."""
    made = await registry.client.post(
        f"/v1/organisations/{home}/api-keys",
        json={"label": "x", "roles": roles},
        headers=registry.headers("registry:keys:write", org=home, roles=("administrator",), sub=UUID(maker)),
    )
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def end(registry: RunningService, membership: dict[str, Any], day: str) -> None:
    ended = await registry.client.post(
        f"/v1/memberships/{membership['id']}/end",
        json={"valid_to": day},
        headers=platform(registry) | {"If-Match": f'"{membership["version"]}"'},
    )
    assert ended.status_code == 200, ended.text


async def token(registry: RunningService, key: dict[str, Any]) -> httpx.Response:
    return await registry.client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": key["api_key"]})


async def test_with_the_last_role_that_gives_rights_go_the_keys_that_do(registry: RunningService, home: UUID):
    boss, other = await boss_of(registry, home), await boss_of(registry, home)
    giving = await key_of(registry, home, boss["person_id"], "administrator", "integrator")
    child = await key_of(registry, home, giving["id"], "administrator")
    grandchild = await key_of(registry, home, child["id"], "administrator")
    reading = await key_of(registry, home, boss["person_id"], "integrator")
    of_the_child = await key_of(registry, home, child["id"], "monitor")
    of_the_other = await key_of(registry, home, other["person_id"], "administrator")
    elsewhere = await add_organisation(registry, "another", "group")
    await boss_of(registry, elsewhere, person_id=boss["person_id"])
    there = await key_of(registry, elsewhere, boss["person_id"], "administrator")
    child_revoked = await registry.client.post(
        f"/v1/api-keys/{child['id']}/revoke", headers=platform(registry)
    )
    assert child_revoked.status_code == 200
    assert (await token(registry, giving)).status_code == 200
    await end(registry, boss, "2026-11-23")
    ended = {giving["id"], grandchild["id"]}
    told = {event["id"] for event in await events(registry, "credential.revoked")}
    assert told == {boss["id"], child["id"]} | ended
    for key in (giving, child, grandchild):
        assert (await token(registry, key)).json()["code"] == "invalid_credential"
    for key in (reading, of_the_child, of_the_other, there):
        assert (await token(registry, key)).status_code == 200
    listed = await every_page(registry, f"/v1/organisations/{home}/api-keys", platform(registry))
    makers = {row["id"]: row.get("created_by") for row in listed if row.get("revoked_at")}
    assert makers == {
        giving["id"]: boss["person_id"],
        child["id"]: giving["id"],
        grandchild["id"]: child["id"],
    }
    audited = await registry.database.pool.fetch(
        "SELECT object_id FROM audit WHERE action = 'api_key.revoke' AND after->>'maker' = $1",
        boss["person_id"],
    )
    assert {str(row["object_id"]) for row in audited} == ended


async def test_who_is_administrator_by_another_membership_keeps_them(registry: RunningService, home: UUID):
    boss = await boss_of(registry, home)
    await boss_of(registry, home, person_id=boss["person_id"], valid_from="2026-06-01")
    key = await key_of(registry, home, boss["person_id"], "administrator")
    await end(registry, boss, "2026-11-23")
    assert (await token(registry, key)).status_code == 200


async def test_the_end_of_another_role_costs_no_key(registry: RunningService, home: UUID):
    boss = await boss_of(registry, home)
    monitor = await boss_of(registry, home, person_id=boss["person_id"], role="monitor")
    key = await key_of(registry, home, boss["person_id"], "administrator")
    await end(registry, monitor, "2026-11-23")
    assert (await token(registry, key)).status_code == 200


async def test_from_a_day_that_was_known_before_such_a_key_gets_no_token(
    registry: RunningService, home: UUID, clock: FixedClock
):
    boss = await boss_of(registry, home, valid_to="2026-11-25")
    giving = await key_of(registry, home, boss["person_id"], "administrator")
    child = await key_of(registry, home, giving["id"], "administrator")
    reading = await key_of(registry, home, boss["person_id"], "integrator")
    clock.moment += timedelta(days=1)
    assert (await token(registry, child)).status_code == 200
    clock.moment += timedelta(days=1)
    for key in (giving, child):
        assert (await token(registry, key)).json()["code"] == "invalid_credential"
    assert (await token(registry, reading)).status_code == 200


async def test_an_erasure_ends_them_too(registry: RunningService, home: UUID):
    boss = await boss_of(registry, home)
    giving = await key_of(registry, home, boss["person_id"], "administrator")
    reading = await key_of(registry, home, boss["person_id"], "integrator")
    erased = await registry.client.post(
        f"/v1/persons/{boss['person_id']}/erasure", headers=platform(registry)
    )
    assert erased.status_code == 202, erased.text
    assert (await token(registry, giving)).status_code == 401
    assert (await token(registry, reading)).status_code == 200


@pytest.mark.parametrize(
    ("expires_at", "code"),
    [
        ("2026-11-23T06:00:00Z", "not_in_future"),
        ("2020-01-01T00:00:00Z", "not_in_future"),
        ("2027-01-01T00:00:00", "timezone_aware"),
        (1900000000, None),
    ],
)
async def test_a_key_that_would_never_be_good_is_not_made(
    registry: RunningService, home: UUID, expires_at: object, code: str | None
):
    key = {"label": "feed", "roles": ["integrator"], "expires_at": expires_at}
    refused = await registry.client.post(
        f"/v1/organisations/{home}/api-keys", json=key, headers=platform(registry)
    )
    assert refused.status_code == 422, refused.text
    assert pointers(refused).keys() == {"/expires_at"}
    assert code is None or pointers(refused)["/expires_at"] == code


async def test_a_key_says_who_made_it_and_holds_a_role_once(registry: RunningService, home: UUID):
    boss = uuid4()
    headers = registry.headers("registry:keys:write", org=home, roles=("administrator",), sub=boss)
    url = f"/v1/organisations/{home}/api-keys"
    key = {"label": "feed", "roles": ["integrator", "monitor", "integrator"]}
    made = await registry.client.post(url, json=key, headers=headers)
    assert made.json()["roles"] == ["integrator", "monitor"]
    [listed] = await every_page(registry, url, headers)
    assert listed["created_by"] == str(boss)
