"""Claims of an ID token, as rules: what is taken is exactly what was meant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.settings import Settings
from services.registry.sign_in.domain import Expected, Reason, Refused, check_claims, hash_nonce
from services.registry.sign_in.settings import OutsideIssuer

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
ISSUER = "https://esi.example"
EXPECTED = Expected(
    client_ids=frozenset({"portal", "mobile"}),
    nonce="nonce-of-this-sign-in",
    now=NOW,
    leeway=timedelta(seconds=60),
    max_age=timedelta(minutes=10),
)
SECONDS = int(NOW.timestamp())
GOOD: dict[str, Any] = {
    "aud": "portal",
    "sub": "1",
    "nonce": "nonce-of-this-sign-in",
    "iat": SECONDS,
    "exp": SECONDS + 300,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def refusal(**claims: Any) -> Reason | None:
    try:
        check_claims(ISSUER, {**GOOD, **claims}, EXPECTED)
    except Refused as refused:
        return refused.reason
    return None


def test_a_good_one_names_its_person() -> None:
    identity = check_claims(ISSUER, GOOD, EXPECTED)
    assert (identity.issuer, identity.subject) == (ISSUER, "1")
    assert identity.believed_until == NOW + timedelta(seconds=360)


@given(st.dictionaries(st.sampled_from(["aud", "azp", "sub", "nonce", "iat", "exp", "nbf"]), ANYTHING))
def test_whatever_is_said_it_is_refused_or_meant_for_us(changes: dict[str, Any]) -> None:
    """Any JSON in any claim is an answer, never an error; and what is taken keeps every rule."""
    claims = {**GOOD, **changes}
    try:
        identity = check_claims(ISSUER, claims, EXPECTED)
    except Refused:
        return
    audience = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    assert audience
    assert set(audience) <= EXPECTED.client_ids
    assert claims["nonce"] == EXPECTED.nonce
    assert identity.subject == claims["sub"] != ""
    assert claims["iat"] <= SECONDS + 60
    assert claims["exp"] > SECONDS - 60
    assert NOW < identity.believed_until <= NOW + timedelta(minutes=12)


@given(st.integers(-2000, 2000), st.integers(-2000, 2000), st.none() | st.integers(-2000, 2000))
def test_times(issued: int, expires: int, not_before: int | None) -> None:
    claims = {"iat": SECONDS + issued, "exp": SECONDS + expires}
    if not_before is not None:
        claims["nbf"] = SECONDS + not_before
    taken = issued <= 60 and expires > -60 and issued > -660 and (not_before is None or not_before <= 60)
    assert (refusal(**claims) is None) == taken


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 10**400, "1", True, None, []])
@pytest.mark.parametrize("claim", ["iat", "exp", "nbf"])
def test_a_time_is_a_number_of_seconds(claim: str, value: Any) -> None:
    assert refusal(**{claim: value}) is Reason.TIMES


def test_the_same_nonce_of_two_providers_is_two() -> None:
    assert hash_nonce("https://a.example", "n") != hash_nonce("https://b.example", "n")


def settings(**more: Any) -> Settings:
    return Settings(database_url="postgresql://x", **more)


def test_providers_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "REGISTRY_SIGN_IN_ISSUERS",
        '[{"issuer": "https://esi.example/", "client_ids": ["portal"], "algorithms": ["PS256"], "leeway": 5}]',
    )
    [provider] = settings().sign_in_issuers
    assert provider.leeway == timedelta(seconds=5)
    assert provider.discovery_url == "https://esi.example/.well-known/openid-configuration"
    assert provider.algorithms == ("PS256",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"client_ids": []},
        {"issuer": "esi.example"},
        {"issuer": "https://esi.example?x=1"},
        {"jwks_url": "file:///etc/passwd"},
        {"leeway": 3600},
        {"max_age": 0},
        {"secret": "x"},
    ],
    ids=str,
)
def test_a_provider_that_would_let_in_too_many_is_not_configured(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OutsideIssuer.model_validate({"issuer": ISSUER, "client_ids": ["portal"], **wrong})


def test_production_wants_tls_and_nobody_twice() -> None:
    plain = {"issuer": "http://esi.example", "client_ids": ["portal"]}
    production = {"env": "production", "public_url": "https://ashar.kg"}
    assert settings(sign_in_issuers=[plain]).sign_in_issuers
    with pytest.raises(ValidationError, match="https"):
        settings(sign_in_issuers=[plain], **production)
    keys_in_clear = {**plain, "issuer": ISSUER, "jwks_url": "http://esi.example/keys"}
    with pytest.raises(ValidationError, match="https"):
        settings(sign_in_issuers=[keys_in_clear], **production)
    with pytest.raises(ValidationError, match="twice"):
        settings(sign_in_issuers=[plain, plain])
