"""The token endpoint: who gets a token, who does not, and what it says."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from services.registry.settings import Settings
from services.registry.spec import SPEC
from shared.auth.jwks import JwksCache
from shared.auth.principal import Kind, Principal
from shared.auth.tokens import TokenVerifier
from shared.clock import FixedClock
from shared.http.errors import InvalidToken
from tests.kit.service import RunningService, StartService
from tests.registry.conftest import NOON, add_organisation, events, pointers

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def donor(registry: RunningService) -> UUID:
    return await add_organisation(registry, "demo-donor", "donor")


@pytest.fixture
async def verifier(registry: RunningService, clock: FixedClock) -> TokenVerifier:
    """Checks tokens as another service does: by the published keys and nothing else."""

    async def fetch() -> dict[str, Any]:
        document: dict[str, Any] = (await registry.client.get("/v1/.well-known/jwks.json")).json()
        return document

    settings = registry.runtime.settings
    return TokenVerifier(JwksCache(fetch), issuer=settings.issuer, audience=settings.audience, clock=clock)


async def new_key(registry: RunningService, organisation: UUID, **changes: Any) -> dict[str, Any]:
    made = await registry.client.post(
        f"/v1/organisations/{organisation}/api-keys",
        json={"label": "feed", "roles": ["donor"]} | changes,
        headers=registry.headers("registry:keys:write", org=organisation, roles=("administrator",)),
    )
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def ask(registry: RunningService, **body: Any) -> httpx.Response:
    return await registry.client.post("/v1/tokens", json=body)


async def test_an_api_key_is_exchanged_for_a_token_of_its_organisation(
    registry: RunningService, donor: UUID, verifier: TokenVerifier
):
    key = await new_key(registry, donor)
    response = await ask(registry, grant_type="api_key", api_key=key["api_key"])
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
    principal = await verifier.principal(answer["access_token"])
    assert (principal.org, principal.kind, principal.roles) == (donor, Kind.SYSTEM, {"donor"})
    assert principal.cid == UUID(key["id"])
    assert "ideas:reservations:write" in principal.scopes
    assert set(answer["scope"].split()) == principal.scopes


async def test_client_credentials_as_json_and_as_a_form(
    registry: RunningService, donor: UUID, verifier: TokenVerifier
):
    key = await new_key(registry, donor)
    prefix, secret = key["api_key"].removeprefix("ak_").split("_", 1)
    wanted = {"grant_type": "client_credentials", "client_id": prefix, "client_secret": secret}
    for response in (
        await registry.client.post("/v1/tokens", json=wanted),
        await registry.client.post("/v1/tokens", data=wanted, headers=FORM),
        await registry.client.post("/v1/tokens", data=wanted | {"client_id": f"ak_{prefix}"}),
    ):
        assert response.status_code == 200, response.text
        assert (await verifier.principal(response.json()["access_token"])).org == donor


async def test_no_credential_no_token(registry: RunningService, donor: UUID):
    key = await new_key(registry, donor)
    prefix, secret = key["api_key"].removeprefix("ak_").split("_", 1)
    wrong: list[dict[str, str]] = [
        {"grant_type": "api_key", "api_key": key["api_key"][:-1] + "~"},
        {"grant_type": "api_key", "api_key": f"ak_000000000000_{secret}"},
        {"grant_type": "api_key", "api_key": "nothing of ours"},
        {"grant_type": "client_credentials", "client_id": prefix, "client_secret": "guess"},
    ]
    for body in wrong:
        response = await ask(registry, **body)
        assert (response.status_code, response.json()["code"]) == (401, "invalid_credential")
        assert "bearer" in response.headers["www-authenticate"].lower()


async def test_an_expired_key(registry: RunningService, donor: UUID, clock: FixedClock):
    key = await new_key(registry, donor, expires_at=(NOON + timedelta(hours=1)).isoformat())
    assert (await ask(registry, grant_type="api_key", api_key=key["api_key"])).status_code == 200
    clock.moment = NOON + timedelta(hours=1)
    assert (await ask(registry, grant_type="api_key", api_key=key["api_key"])).status_code == 401


async def test_a_token_ends_after_ten_minutes(
    registry: RunningService, donor: UUID, verifier: TokenVerifier, clock: FixedClock
):
    key = await new_key(registry, donor)
    token = (await ask(registry, grant_type="api_key", api_key=key["api_key"])).json()["access_token"]
    clock.moment = NOON + timedelta(minutes=9)
    assert (await verifier.principal(token)).org == donor
    clock.moment = NOON + timedelta(minutes=12)
    with pytest.raises(InvalidToken):
        await verifier.principal(token)


async def test_what_a_key_was_called_is_in_no_kept_answer(registry: RunningService, donor: UUID):
    """Whoever named it may be erased while the answer is kept for somebody else."""
    key = await new_key(registry, donor, label="Айзада Токтогулова")
    headers = {**registry.headers("registry:keys:write", org=donor), "Idempotency-Key": "revoke-it"}
    revoked = await registry.client.post(f"/v1/api-keys/{key['id']}/revoke", headers=headers)
    assert revoked.json()["label"] == "Айзада Токтогулова"
    kept = await registry.database.pool.fetchval("SELECT convert_from(body, 'UTF8') FROM idempotency")
    assert "Айзада" not in kept
    again = await registry.client.post(f"/v1/api-keys/{key['id']}/revoke", headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {**revoked.json(), "label": key["prefix"]}


async def test_a_revoked_key_gives_no_token_and_tells_every_service(registry: RunningService, donor: UUID):
    key = await new_key(registry, donor)
    headers = registry.headers("registry:keys:write", org=donor)
    revoked = await registry.client.post(f"/v1/api-keys/{key['id']}/revoke", headers=headers)
    assert revoked.json()["revoked_at"]
    again = await registry.client.post(f"/v1/api-keys/{key['id']}/revoke", headers=headers)
    assert again.json() == revoked.json()
    assert (await ask(registry, grant_type="api_key", api_key=key["api_key"])).status_code == 401
    (event,) = await events(registry, "credential.revoked")
    assert (event["id"], event["reason"]) == (key["id"], "key_revoked")
    audience = await registry.database.pool.fetchval(
        "SELECT audience FROM event WHERE type = 'registry.credential.revoked.v1'"
    )
    assert audience == "internal"


async def test_what_a_request_lacks_is_named(registry: RunningService):
    cases: list[tuple[dict[str, str], str]] = [
        ({"grant_type": "api_key"}, "/api_key"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "/client_secret"),
        ({"grant_type": "password"}, "/grant_type"),
        ({"grant_type": "development", "organisation": "x"}, "/role"),
        ({"grant_type": "development", "role": "donor", "organisation": "nobody"}, "/organisation"),
        ({"grant_type": "development", "role": "king", "organisation": "nobody"}, "/role"),
        ({"grant_type": "api_key", "api_key": "x", "extra": "y"}, "/extra"),
    ]
    for body, pointer in cases:
        response = await ask(registry, **body)
        assert response.status_code == 422, body
        assert list(pointers(response)) == [pointer]
    broken = await registry.client.post(
        "/v1/tokens", content=b"{", headers={"content-type": "application/json"}
    )
    assert broken.status_code in (400, 422)
    assert broken.headers["content-type"] == "application/problem+json"


async def test_the_development_login_gives_a_real_membership(
    registry: RunningService, donor: UUID, verifier: TokenVerifier
):
    body = {"grant_type": "development", "role": "donor", "organisation": "demo-donor"}
    first, second = [await ask(registry, **body) for _ in range(2)]
    assert first.status_code == second.status_code == 200
    one, two = [await verifier.principal(response.json()["access_token"]) for response in (first, second)]
    assert one == two, "the same person each time"
    assert (one.kind, one.org, one.roles) == (Kind.PERSON, donor, {"donor"})
    held = await registry.client.get(
        f"/v1/organisations/{donor}/memberships",
        headers=registry.headers("registry:memberships:write", org=donor),
    )
    assert [(entry["id"], entry["role"]) for entry in held.json()["items"]] == [(str(one.cid), "donor")]


async def test_an_ended_membership_gives_no_token(
    registry: RunningService, donor: UUID, verifier: TokenVerifier
):
    body = {"grant_type": "development", "role": "donor", "organisation": "demo-donor"}
    principal: Principal = await verifier.principal((await ask(registry, **body)).json()["access_token"])
    ended = await registry.client.post(
        f"/v1/memberships/{principal.cid}/end",
        json={"valid_to": "2026-11-23"},
        headers=registry.headers("registry:memberships:write", org=donor, roles=("platform",))
        | {"If-Match": '"1"'},
    )
    assert ended.status_code == 200, ended.text
    assert (await ask(registry, **body)).status_code == 401
    (event,) = await events(registry, "credential.revoked")
    assert (event["id"], event["reason"]) == (str(principal.cid), "membership_ended")


async def test_without_the_setting_there_is_no_development_login(start_service: StartService, tmp_path: Path):
    service = await start_service(SPEC, signing_keys=tmp_path / "keys")
    await add_organisation(service, "demo-donor", "donor")
    refused = await ask(service, grant_type="development", role="donor", organisation="demo-donor")
    assert (refused.status_code, refused.json()["code"]) == (400, "unsupported_grant_type")


def test_production_refuses_to_start_with_the_development_login():
    with pytest.raises(ValidationError, match="REGISTRY_DEVELOPMENT_LOGIN"):
        Settings(
            env="production",
            public_url="https://ashar.kg",
            database_url="postgresql://x",
            development_login=True,
        )


async def test_the_published_keys_are_public_halves_only(registry: RunningService):
    (key,) = (await registry.client.get("/v1/.well-known/jwks.json")).json()["keys"]
    assert (key["kty"], key["crv"]) == ("EC", "P-256")
    assert key["kid"]
    assert "d" not in key
