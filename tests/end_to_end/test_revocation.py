"""A key that is revoked at the registry opens nothing anywhere a few seconds later."""

import time
from typing import Any

import httpx

from deploy.gateway.settings import SERVICES
from tests.end_to_end.stage import Gateway

WITHIN_SECONDS = 5.0
ASK_EVERY_SECONDS = 0.1

GUARDED = {
    "registry": "/v1/jobs/00000000-0000-7000-8000-000000000000",
    "monitoring": "/v1/submissions",
    "scoring": "/v1/jobs/00000000-0000-7000-8000-000000000000",
    "ideas_market": "/v1/reservations",
    "notifications": "/v1/inbox",
}
"""An address in each service that a monitor's system may read; jobs are 404 to those whose job it is not."""


def new_key(api: Gateway, label: str) -> dict[str, Any]:
    monitors = next(
        one for one in api.items("registry/v1/organisations", kind="group") if one["code"] == "osh-monitors"
    )
    draft = {"label": label, "kind": "system", "roles": ["monitor"]}
    path = f"registry/v1/organisations/{monitors['id']}/api-keys"
    found: dict[str, Any] = api.call("POST", path, "platform", json=draft, expected=201).json()
    return found


def exchange(api: Gateway, key: str) -> httpx.Response:
    return api.http.post("/api/registry/v1/tokens", json={"grant_type": "api_key", "api_key": key})


def ask(api: Gateway, service: str, token: str) -> httpx.Response:
    return api.http.get(f"/api/{service}{GUARDED[service]}", headers={"Authorization": f"Bearer {token}"})


def test_a_revoked_key_is_refused_everywhere_within_seconds(api: Gateway) -> None:
    key = new_key(api, "End to end: revoked")
    other = new_key(api, "End to end: not revoked")
    token = exchange(api, key["api_key"]).json()["access_token"]
    unrevoked = exchange(api, other["api_key"]).json()["access_token"]
    for service in SERVICES:
        assert ask(api, service, token).status_code in {200, 404}, service
    api.call("POST", f"registry/v1/api-keys/{key['id']}/revoke", "platform")
    deadline = time.monotonic() + WITHIN_SECONDS
    assert exchange(api, key["api_key"]).status_code == 401, "no new token from the moment it is revoked"
    waiting = set(SERVICES)
    while waiting:
        assert time.monotonic() < deadline, f"still let in after {WITHIN_SECONDS} s: {waiting}"
        for service in sorted(waiting):
            answer = ask(api, service, token)
            if answer.status_code == 401:
                assert answer.json()["code"] == "credential_revoked"
                assert answer.headers["content-type"] == "application/problem+json"
                waiting.remove(service)
        time.sleep(ASK_EVERY_SECONDS)
    for service in SERVICES:
        assert ask(api, service, unrevoked).status_code in {200, 404}, "another key is another key"
