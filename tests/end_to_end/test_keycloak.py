"""Signing in with a real provider: Keycloak, the code flow with PKCE, and what the person may do afterwards."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.demo.steps.market import IDEA
from services.registry.access.schemas import EXCHANGE, ID_TOKEN
from tests.end_to_end.stage import SINCE, Gateway, Stage
from tests.end_to_end.test_revocation import GUARDED, WITHIN_SECONDS
from tests.kit.keycloak.programs import Distribution, KeycloakUnavailable, find_distribution
from tests.kit.keycloak.server import CodeFlow, Keycloak, running_keycloak
from tests.kit.missing import skip_or_fail

pytestmark = pytest.mark.timeout(900)
"""The first run fetches Keycloak and builds it."""


@pytest.fixture(scope="module")
def distribution() -> Distribution:
    """Where Java or Maven is missing a developer's tests are skipped, CI's fail."""
    try:
        return find_distribution()
    except KeycloakUnavailable as error:
        skip_or_fail(error)


@pytest.fixture(scope="module")
def keycloak(
    distribution: Distribution, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Keycloak]:
    folder: Path = tmp_path_factory.mktemp("keycloak")
    with running_keycloak(distribution, folder, stage.provider_port) as running:
        yield running
    assert running.child.poll() is not None


def exchange(api: Gateway, flow: CodeFlow, id_token: str, **fields: Any) -> httpx.Response:
    body = {
        "grant_type": EXCHANGE,
        "subject_token": id_token,
        "subject_token_type": ID_TOKEN,
        "nonce": flow.nonce,
        **fields,
    }
    return api.http.post("/api/registry/v1/tokens", json=body)


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer['access_token']}"}


def signed_in(api: Gateway, keycloak: Keycloak, **fields: Any) -> dict[str, Any]:
    flow = CodeFlow.begin(keycloak)
    answer = exchange(api, flow, flow.id_token(), **fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def me(api: Gateway, answer: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = api.call("GET", "registry/v1/me", headers=bearer(answer)).json()
    return shown


def test_from_the_login_form_to_a_write_of_ones_own(api: Gateway, keycloak: Keycloak) -> None:
    person = me(api, resident := signed_in(api, keycloak))
    assert (person["kind"], person["roles"], person["memberships"]) == ("person", ["resident"], [])
    [ngo] = [one for one in api.items("registry/v1/organisations") if one["code"] == "osh-eldik"]
    invitation = api.call(
        "POST",
        "registry/v1/invitations",
        headers=api.headers("administrator", "osh-eldik"),
        json={"organisation_id": ngo["id"], "role": "author", "valid_from": str(SINCE)},
        expected=201,
    ).json()
    refused = api.http.post("/api/ideas_market/v1/ideas", json=IDEA, headers=bearer(resident))
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "ideas:ideas:write")
    code = {"code": invitation["code"]}
    api.call("POST", "registry/v1/invitations/accept", headers=bearer(resident), json=code, expected=201)
    [held] = me(api, resident)["memberships"]
    assert (held["organisation"], held["role"]) == ("osh-eldik", "author")
    refresh = {"grant_type": "refresh_token", "refresh_token": resident["refresh_token"]}
    acting = api.call("POST", "registry/v1/tokens", json={**refresh, "organisation": "osh-eldik"}).json()
    assert me(api, acting)["organisation_id"] == ngo["id"]
    made = api.http.post("/api/ideas_market/v1/ideas", json=IDEA, headers=bearer(acting))
    assert made.status_code == 201, made.text
    assert made.json()["organisation"]["id"] == ngo["id"]
    assert me(api, signed_in(api, keycloak, organisation="osh-eldik"))["sub"] == person["sub"]


def refused_everywhere(api: Gateway, token: dict[str, Any]) -> None:
    """Within five seconds in every service."""
    deadline = time.monotonic() + WITHIN_SECONDS
    for service, path in GUARDED.items():
        while (answer := api.http.get(f"/api/{service}{path}", headers=bearer(token))).status_code != 401:
            assert time.monotonic() < deadline, f"still let in by {service}: {answer.text}"
            time.sleep(0.05)
        assert answer.json()["code"] == "credential_revoked"


def test_the_end_of_a_membership_and_of_a_session(api: Gateway, keycloak: Keycloak) -> None:
    """The session outlives the membership; nothing outlives the session."""
    first = signed_in(api, keycloak)
    [ngo] = [one for one in api.items("registry/v1/organisations") if one["code"] == "osh-eldik"]
    boss = api.headers("administrator", "osh-eldik")
    grant = {"person_id": me(api, first)["sub"], "role": "monitor", "valid_from": str(SINCE)}
    path = f"registry/v1/organisations/{ngo['id']}/memberships"
    membership = api.call("POST", path, headers=boss, json=grant, expected=201).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    acting = api.call("POST", "registry/v1/tokens", json={**refresh, "organisation": "osh-eldik"}).json()
    assert "monitor" in me(api, acting)["roles"]
    api.call(
        "POST",
        f"registry/v1/memberships/{membership['id']}/end",
        headers=boss | {"If-Match": f'"{membership["version"]}"'},
        json={"valid_to": membership["valid_from"]},
    )
    refused_everywhere(api, acting)
    refresh["refresh_token"] = acting["refresh_token"]
    again = api.call("POST", "registry/v1/tokens", json=refresh).json()
    assert me(api, again)["roles"] == ["resident"]
    [current] = [
        one
        for one in api.call("GET", "registry/v1/sessions", headers=bearer(again)).json()["items"]
        if one["current"]
    ]
    api.call("DELETE", f"registry/v1/sessions/{current['id']}", headers=bearer(again), expected=204)
    refused_everywhere(api, again)
    refresh["refresh_token"] = again["refresh_token"]
    over = api.http.post("/api/registry/v1/tokens", json=refresh)
    assert (over.status_code, over.json()["code"]) == (400, "invalid_grant")


def test_what_keycloak_signs_is_good_once_and_for_us_alone(api: Gateway, keycloak: Keycloak) -> None:
    flow = CodeFlow.begin(keycloak)
    token = flow.id_token()
    other = exchange(api, CodeFlow.begin(keycloak), token)
    assert (other.status_code, other.json()["code"]) == (400, "invalid_grant"), "somebody else's nonce"
    head, body, signature = token.split(".")
    swapped = ".".join((head, body, ("A" if signature[0] != "A" else "B") + signature[1:]))
    assert exchange(api, flow, swapped).status_code == 400
    abroad = exchange(api, flow, token, organisation="MFA-nowhere")
    assert (abroad.status_code, abroad.json()["code"]) == (403, "not_a_member")
    assert exchange(api, flow, token).status_code == 200
    replayed = exchange(api, flow, token)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")


def test_keycloak_changes_its_keys(api: Gateway, keycloak: Keycloak) -> None:
    signed_in(api, keycloak)
    keycloak.rotate_keys()
    flow = CodeFlow.begin(keycloak)
    token = flow.id_token()
    for _ in range(60):
        answer = exchange(api, flow, token)
        if answer.status_code == 200:
            break
        assert answer.status_code == 400
        time.sleep(0.2)
    assert answer.status_code == 200, "asked again within five seconds"
