"""Tokens at the gateway: a missing one passes, a bad one does not, and nobody names himself by a header."""

import base64
import hmac
import json
from collections.abc import Callable

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.deploy.gateway import expect
from tests.deploy.gateway.stub import Stub
from tests.deploy.gateway.tokens import Issuer, bearer, new_key

THINGS = "/api/registry/v1/things"

SPOOFED = {
    "X-Ashar-Subject": "root",
    "x-auth-user": "root",
    "x-authenticated-userid": "root",
    "X-JWT-Payload": "e30",
    "x-user-id": "root",
    "x-forwarded-user": "root",
    "x-remote-user": "root",
    "remote-user": "root",
    "x-principal": "root",
    "x-subject": "root",
    "x-original-url": "/metrics",
    "x-rewrite-url": "/metrics",
    "x-http-method-override": "DELETE",
    "x_auth_user": "root",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-forwarded-client-cert": "By=root",
}


def test_without_token(client: httpx.Client) -> None:
    assert "authorization" not in client.get(THINGS).json()["headers"]


def test_good_token_is_handed_on_unchanged(client: httpx.Client, stub: Stub) -> None:
    headers = bearer(stub.issuer.token())
    assert client.get(THINGS, headers=headers).json()["headers"]["authorization"] == headers["authorization"]


@pytest.mark.parametrize("with_token", [False, True], ids=["anonymous", "token"])
def test_spoofed_headers_are_removed(client: httpx.Client, stub: Stub, with_token: bool) -> None:
    token = bearer(stub.issuer.token("alice")) if with_token else {}
    seen = client.get(THINGS, headers={**SPOOFED, **token, "x-kept": "1"}).json()["headers"]
    assert not {name.lower() for name in SPOOFED} & seen.keys()
    assert "root" not in json.dumps(seen)
    assert ("authorization" in seen) is with_token
    assert seen["x-kept"] == "1"


def test_forwarded_prefix_cannot_be_set(client: httpx.Client) -> None:
    seen = client.get(THINGS, headers={"x-forwarded-prefix": "//evil.example"}).json()["headers"]
    assert seen["x-forwarded-prefix"] == "/api/registry"


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def unsigned(issuer: Issuer) -> str:
    payload = issuer.token().split(".")[1]
    header = encoded(b'{"alg":"none","typ":"at+jwt"}')
    return f"{header}.{payload}."


def unsigned_with_known_key(issuer: Issuer) -> str:
    header = json.dumps({"alg": "none", "kid": issuer.keys[-1].kid}).encode()
    _, payload, signature = issuer.token().split(".")
    return f"{encoded(header)}.{payload}.{signature}"


def signed_with_public_key(issuer: Issuer) -> str:
    """Key confusion: the public key, which everyone has, as the secret of HS256."""
    key = issuer.keys[-1]
    header = {"alg": "HS256", "kid": key.kid}
    signed = f"{encoded(json.dumps(header).encode())}.{issuer.token().split('.')[1]}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{encoded(mac)}"


def signed_with_other_kind_of_key(issuer: Issuer) -> str:
    header = {"alg": "RS256", "kid": issuer.keys[-1].kid}
    claims = json.loads(base64.urlsafe_b64decode(issuer.token().split(".")[1] + "=="))
    return jwt.encode(header, claims, RSAKey.generate_key(2048), algorithms=["RS256"])


def signed_with_foreign_key_of_same_id(issuer: Issuer) -> str:
    key = new_key()
    token = issuer.token(key=key)
    good_header = issuer.token().split(".")[0]
    return ".".join([good_header, *token.split(".")[1:]])


def altered(issuer: Issuer) -> str:
    header, _, signature = issuer.token("alice").split(".")
    return f"{header}.{issuer.token('root').split('.')[1]}.{signature}"


BAD: dict[str, Callable[[Issuer], str]] = {
    "alg none": unsigned,
    "alg none, known kid": unsigned_with_known_key,
    "HS256 with public key": signed_with_public_key,
    "RS256 with our kid": signed_with_other_kind_of_key,
    "unknown kid": lambda issuer: issuer.token(key=new_key()),
    "foreign key, our kid": signed_with_foreign_key_of_same_id,
    "altered claims": altered,
    "other audience": lambda issuer: issuer.token(aud="another-platform"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "other issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "no expiry": lambda issuer: issuer.token(exp=None),
    "not yet valid": lambda issuer: issuer.token(nbf=4_000_000_000),
    "junk": lambda _: "junk",
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bad_token_is_refused(
    client: httpx.Client, stub: Stub, make: Callable[[Issuer], str], scheme: str
) -> None:
    answer = client.get(THINGS, headers={"authorization": f"{scheme} {make(stub.issuer)}"})
    expect.traced_problem(answer, 401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="ashar", error="invalid_token"'


def test_expired_token_says_so(client: httpx.Client, stub: Stub) -> None:
    answer = client.get(THINGS, headers=bearer(stub.issuer.token(exp=1_700_000_000)))
    expect.traced_problem(answer, 401, "token_expired")


def test_two_tokens_are_refused(client: httpx.Client, stub: Stub) -> None:
    good, bad = stub.issuer.token(), stub.issuer.token(key=new_key())
    for first, second in ((good, bad), (bad, good)):
        headers = [("authorization", f"Bearer {first}"), ("authorization", f"Bearer {second}")]
        expect.traced_problem(client.get(THINGS, headers=headers), 401, "invalid_token")


def test_token_in_the_query_is_not_looked_at(client: httpx.Client) -> None:
    assert client.get(f"{THINGS}?access_token=junk").status_code == 200


def test_other_schemes_are_for_the_service(client: httpx.Client) -> None:
    seen = client.get(THINGS, auth=("collect", "secret")).json()["headers"]
    assert seen["authorization"].startswith("Basic ")


def test_bad_token_does_not_hide_the_start_page(client: httpx.Client) -> None:
    assert client.get("/", headers=bearer("junk")).status_code == 200
