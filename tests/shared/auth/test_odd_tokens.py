"""Strings that are no tokens and no keys: refused, whatever they hold."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.registry.spec import SPEC as REGISTRY
from shared.http.errors import Problem
from tests.kit.sample.spec import SPEC
from tests.kit.service import RunningService, StartService

ODD = [
    "\x00",
    "a\x00b",
    "ключ",
    "é",
    "🙂",
    "x" * 10_000,
    "..",
    "a.b.c",
    "e30.e30.e30",
    "bnVsbA.a.b",
    "%00",
    "\u2028",
    "' OR 1=1",
]


@pytest.fixture
async def sample(start_service: StartService) -> RunningService:
    return await start_service(SPEC)


@pytest.fixture
async def registry(start_service: StartService) -> RunningService:
    return await start_service(REGISTRY)


async def test_odd_bearer_tokens(sample: RunningService) -> None:
    for odd in ODD:
        raw = b"Bearer " + odd.encode()
        answer = await sample.client.get("/v1/notes/mine", headers={b"authorization": raw})  # type: ignore[dict-item]
        assert answer.status_code == 401, ascii(odd)
        assert answer.json()["trace_id"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_=-]{0,30}\.[A-Za-z0-9_=-]{0,30}\.\S{0,20}"))
)
async def test_any_text_is_a_token_or_refused(sample: RunningService, text: str) -> None:
    with pytest.raises(Problem) as refused:
        await sample.runtime.verifier.principal(text)
    assert refused.value.status == 401


def requests(odd: str) -> list[dict[str, Any]]:
    return [
        {"json": {"grant_type": "api_key", "api_key": odd}},
        {"json": {"grant_type": "api_key", "api_key": f"ak_{odd}_{odd}"}},
        {"json": {"grant_type": "api_key", "api_key": f"ak_abc_{odd}"}},
        {"json": {"grant_type": "client_credentials", "client_id": odd, "client_secret": odd}},
        {"data": {"grant_type": "client_credentials", "client_id": f"ak_{odd}", "client_secret": odd}},
        {"data": {"grant_type": "client_credentials"}, "auth": (odd.replace(":", ""), odd)},
        {"data": {"grant_type": odd}},
        {"json": {"grant_type": "development", "role": odd, "organisation": odd}},
    ]


async def test_odd_keys(registry: RunningService) -> None:
    for odd in ODD:
        for request in requests(odd):
            answer = await registry.client.post("/v1/tokens", **request)
            assert answer.status_code in {400, 401, 422}, (ascii(odd[:30]), request, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_half_a_character_is_no_key(registry: RunningService) -> None:
    answer = await registry.client.post(
        "/v1/tokens",
        content=b'{"grant_type": "api_key", "api_key": "ak_abc_\\ud800"}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code in {400, 401, 422}


async def test_public_keys_say_what_they_are_for(registry: RunningService) -> None:
    answer = await registry.client.get("/v1/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    for key in answer.json()["keys"]:
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        assert key["kid"]
        assert "d" not in key
