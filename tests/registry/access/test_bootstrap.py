"""A fresh installation in production: nobody has a token, and the operator makes the first key."""

from services.registry.access.bootstrap import first_key
from tests.kit.service import RunningService


async def test_the_first_key_registers_organisations_and_makes_keys(registry: RunningService):
    key = await first_key(registry.database, "platform", "Ашар")
    answer = await registry.client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": key})
    assert {"registry:organisations:write", "registry:keys:write"} <= set(answer.json()["scope"].split())
    made = await registry.database.pool.fetchrow("SELECT kind, origin FROM organisation")
    assert tuple(made) == ("platform", "official")


async def test_bootstrapping_again_makes_another_key_of_the_same_organisation(registry: RunningService):
    first = await first_key(registry.database, "platform", "Ашар")
    assert await first_key(registry.database, "platform", "Ашар") != first
    assert await registry.database.pool.fetchval("SELECT count(*) FROM organisation") == 1


async def test_client_credentials_as_standard_clients_send_them(registry: RunningService):
    key = await first_key(registry.database, "platform", "Ашар")
    _, prefix, secret = key.split("_", 2)
    form = {"grant_type": "client_credentials", "scope": "anything"}
    answer = await registry.client.post("/v1/tokens", data=form, auth=(prefix, secret))
    assert answer.status_code == 200, answer.text
    wrong = await registry.client.post("/v1/tokens", data=form, auth=(prefix, "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
