"""Signing in through the gateway where it does not succeed."""

import base64
import json
from typing import Any

import httpx
import pytest

from services.registry.access.schemas import EXCHANGE, ID_TOKEN
from tests.end_to_end.stage import Gateway, Stage

NONCE = "nonce-of-a-sign-in-that-fails"


def made_up(issuer: str) -> str:
    """A token as anybody can write one."""
    head = {"alg": "RS256", "kid": "made-up", "typ": "JWT"}
    parts = [json.dumps(part).encode() for part in (head, {"iss": issuer, "sub": "21504199600123"})]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"signature")]
    return ".".join(encoded)


def exchange(api: Gateway, token: str, **headers: str) -> httpx.Response:
    body: dict[str, Any] = {"grant_type": EXCHANGE, "subject_token_type": ID_TOKEN, "nonce": NONCE}
    return api.http.post("/api/registry/v1/tokens", json={**body, "subject_token": token}, headers=headers)


def test_clients_learn_of_the_providers(api: Gateway, stage: Stage) -> None:
    shown = api.call("GET", "registry/v1/sign-in/providers").json()
    assert stage.away in {provider["issuer"] for provider in shown["items"]}


def test_a_provider_that_is_away_is_to_be_asked_again(api: Gateway, stage: Stage) -> None:
    answer = exchange(api, made_up(stage.away))
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unreachable")
    assert 0 < int(answer.headers["retry-after"]) <= 10
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_a_provider_nobody_named_is_refused_in_the_callers_language(api: Gateway, language: str) -> None:
    token = made_up("https://evil.example")
    answer = exchange(api, token, **{"Accept-Language": language})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.headers["content-language"] == language
    assert token not in answer.text
    assert "21504199600123" not in answer.text
