"""Real services behind the real gateway: who is let in, what is out of reach, and how refusals look."""

import base64
import hmac
import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.gateway.settings import SERVICES
from shared.auth.keys import load_keys
from tests.end_to_end.stage import Gateway, Stage

PUBLIC = "/api/registry/v1/territories?limit=1"
PROTECTED = "/api/monitoring/v1/submissions"
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES)


def problem(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The body of an RFC 9457 answer with one of these statuses."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert {"type", "title", "code", "detail"} <= body.keys()
    return body


@pytest.fixture(scope="module")
def key(stage: Stage) -> ECKey:
    """The platform's own signing key: the tokens below fail for what they say, not for who signed them."""
    return load_keys(stage.folder / "keys")[-1]


def claims(**changes: Any) -> dict[str, Any]:
    """A monitor's claims; None leaves one out."""
    now = int(time.time())
    good = {
        "iss": "https://ashar.kg",
        "aud": "ashar",
        "sub": str(uuid4()),
        "kind": "person",
        "cid": str(uuid4()),
        "org": str(uuid4()),
        "roles": ["monitor"],
        "scope": "monitoring:submissions:read",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "jti": str(uuid4()),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(key: ECKey, *, kid: str | None = None, **changes: Any) -> str:
    header = {"alg": "ES256", "kid": kid or key.kid, "typ": "at+jwt"}
    return jwt.encode(header, claims(**changes), key, algorithms=["ES256"])


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(key: ECKey) -> str:
    return f"{encoded({'alg': 'none', 'kid': key.kid})}.{encoded(claims())}."


def unsigned_with_a_signature(key: ECKey) -> str:
    return f"{encoded({'alg': 'none', 'kid': key.kid})}.{encoded(claims())}.{signed(key).split('.')[2]}"


def confused(secret: Callable[[ECKey], bytes]) -> Callable[[ECKey], str]:
    """Signed by HMAC with what everybody knows: the public key."""

    def make(key: ECKey) -> str:
        content = f"{encoded({'alg': 'HS256', 'kid': key.kid, 'typ': 'at+jwt'})}.{encoded(claims())}"
        signature = hmac.digest(secret(key), content.encode(), "sha256")
        return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    return make


def stranger(key: ECKey) -> ECKey:
    del key
    return ECKey.generate_key("P-256", {"kid": str(uuid4())})


NOW = int(time.time())
BAD_TOKENS: dict[str, Callable[[ECKey], str]] = {
    "alg none": unsigned,
    "alg none, with a signature": unsigned_with_a_signature,
    "public key as PEM": confused(lambda key: key.as_pem(private=False)),
    "public key as JWK": confused(lambda key: json.dumps(key.as_dict(private=False)).encode()),
    "unknown key": lambda key: signed(stranger(key)),
    "unknown key under a known id": lambda key: signed(stranger(key), kid=str(key.kid)),
    "known key under an unknown id": lambda key: signed(key, kid="20000101T000000000000"),
    "a path as key id": lambda key: signed(key, kid="../../etc/hostname"),
    "expired": lambda key: signed(key, iat=NOW - 4000, nbf=NOW - 4000, exp=NOW - 3000),
    "not yet": lambda key: signed(key, nbf=int(time.time()) + 3000, exp=int(time.time()) + 3600),
    "no expiry": lambda key: signed(key, exp=None),
    "another audience": lambda key: signed(key, aud="another"),
    "another issuer": lambda key: signed(key, iss="https://elsewhere.example"),
    "changed claims": lambda key: ".".join(
        [signed(key).split(".")[0], encoded(claims(roles=["platform"])), signed(key).split(".")[2]]
    ),
    "half of one": lambda key: signed(key).rpartition(".")[0],
    "no token at all": lambda _: "me",
}
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "no subject": {"sub": None},
    "a subject that is no id": {"sub": "root"},
    "no credential": {"cid": None},
    "an unknown kind": {"kind": "god"},
    "nobody": {"kind": "anonymous"},
    "an organisation that is no id": {"org": "LSG"},
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_bad_tokens_are_refused(name: str, api: Gateway, stage: Stage, key: ECKey) -> None:
    """By the gateway, on public addresses too; and by each service itself, should somebody get past it."""
    headers = {"Authorization": f"Bearer {BAD_TOKENS[name](key)}"}
    for path in (PUBLIC, PROTECTED):
        assert "detail" in problem(api.http.get(path, headers=headers), 401)
    for service, path in (("registry", "/v1/territories?limit=1"), ("monitoring", "/v1/submissions")):
        assert problem(httpx.get(f"{stage.direct(service)}{path}", headers=headers, trust_env=False), 401)


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_claims_that_are_not_ours_are_refused(name: str, api: Gateway, key: ECKey) -> None:
    headers = {"Authorization": f"Bearer {signed(key, **BAD_CLAIMS[name])}"}
    assert problem(api.http.get(PROTECTED, headers=headers), 401)["code"] == "invalid_token"


def test_the_same_claims_signed_rightly_are_let_in(api: Gateway, key: ECKey) -> None:
    """So that the tests above fail for their reason."""
    headers = {"Authorization": f"bearer {signed(key)}"}
    assert api.http.get(PROTECTED, headers=headers).status_code == 200


@pytest.mark.parametrize("header", ["Basic bWU6bWU=", "Bearer", "DPoP x.y.z", "Token x"])
def test_other_schemes_are_no_identity(header: str, api: Gateway) -> None:
    problem(api.http.get(PROTECTED, headers={"Authorization": header}), 401)


def spoofed(subject: str) -> dict[str, str]:
    names = (
        *("x-ashar-subject", "x-ashar-roles", "x-ashar-scope", "x-auth-user", "x-auth-roles", "x-user-id"),
        *("x-forwarded-user", "x-remote-user", "remote-user", "x-principal", "x-subject", "x-jwt-payload"),
    )
    return dict.fromkeys(names, subject)


def test_identity_headers_of_callers_count_for_nothing(api: Gateway) -> None:
    payload = encoded(claims(roles=["platform"], scope="monitoring:submissions:read"))
    for value in ("platform", str(uuid4()), payload):
        problem(api.http.get(PROTECTED, headers=spoofed(value)), 401)
    donor = api.headers("donor")
    plain = api.http.get(PROTECTED, headers=donor)
    dressed = api.http.get(PROTECTED, headers={**spoofed("platform"), **donor})
    assert problem(dressed, 403)["missing_scope"] == problem(plain, 403)["missing_scope"]


def test_a_token_in_the_address_is_none(api: Gateway, key: ECKey) -> None:
    problem(api.http.get(f"{PROTECTED}?access_token={signed(key)}"), 401, 422)


OUT_OF_REACH = [
    "/metrics",
    "/api/{service}/metrics",
    "/api/{service}/metrics/",
    "/api/{service}//metrics",
    "/api/{service}/v1/../metrics",
    "/api/{service}/docs/../metrics",
    "/api/{service}/v1/%2e%2e/metrics",
    "/api/{service}/v1/..%2fmetrics",
    "/api/{service}/v1%2f..%2fmetrics",
    "/api/{service}/%6detrics",
    "/api/{service}/v1/..;/metrics",
    "/api/{service}/v1\\..\\metrics",
    "/api/{service}/METRICS",
    "/api/{service}/docs/..%2f..%2fmain.py",
]
NOWHERE = [
    "/nowhere",
    "/api",
    "/api/",
    "/api/{service}",
    "/api/{service}/",
    "/api/{service}/v1",
    "/api/{service}/v1/",
    "/api/{service}/v1/nowhere",
    "/api/{service}/v2/changes",
    "/api/{service}/internal",
    "/api/elsewhere/v1/changes",
    "/{service}/v1/changes",
    "/v1/changes",
    "/api/{service}/docs/main.py",
]


def raw(api: Gateway, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    """Status, content type and body of a request whose path nobody tidies up on the way."""
    port = httpx.URL(api.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read()
    finally:
        connection.close()


@EACH_SERVICE
@pytest.mark.parametrize("template", OUT_OF_REACH)
def test_metrics_and_files_are_out_of_reach(template: str, service: str, api: Gateway) -> None:
    status, kind, body = raw(api, template.replace("{service}", service))
    assert 400 <= status < 500
    assert kind == "application/problem+json"
    assert b"http_requests" not in body
    assert b"create_app" not in body


def test_metrics_are_there_inside(stage: Stage) -> None:
    for service in SERVICES:
        assert "http_requests_total" in httpx.get(f"{stage.direct(service)}/metrics", trust_env=False).text


@EACH_SERVICE
@pytest.mark.parametrize("template", NOWHERE)
def test_unknown_addresses(template: str, service: str, api: Gateway) -> None:
    status, kind, body = raw(api, template.replace("{service}", service))
    assert (status, kind) == (404, "application/problem+json"), body
    assert json.loads(body)["code"] == "not_found"


@EACH_SERVICE
@pytest.mark.parametrize("method", ["DELETE", "TRACE", "PATCH", "PROPFIND"])
def test_unknown_methods(method: str, service: str, api: Gateway) -> None:
    status, kind, _ = raw(api, f"/api/{service}/v1/changes", method)
    assert status in {400, 405}
    assert kind == "application/problem+json"


def test_a_body_too_large(api: Gateway) -> None:
    """Refused by the gateway where it is too large for any service, by the service where it is for that one."""
    monitor = {**api.headers("monitor"), "content-type": "application/json"}
    url = "/api/monitoring/v1/submissions"
    for size in (3 * 2**20, 11 * 2**20):
        assert problem(api.http.post(url, content=b"x" * size, headers=monitor), 413)["code"] == "too_large"
    pieces = (b"x" * 2**16 for _ in range(3 * 16))
    assert problem(api.http.post(url, content=pieces, headers=monitor), 413)["code"] == "too_large"


def test_bad_json_says_where(api: Gateway) -> None:
    for content in (b"{", b"[1,", b"\xff\xfe", b'{"a": \x00}', b"null", b"[]", b'"x"'):
        headers = {**api.headers("monitor"), "content-type": "application/json"}
        found = problem(
            api.http.post("/api/monitoring/v1/submissions", content=content, headers=headers), 400, 422
        )
        assert found["errors"], content


@EACH_SERVICE
@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_refusals_speak_the_callers_language(service: str, language: str, api: Gateway) -> None:
    """The service's words and the gateway's."""
    for path in ("v1/nowhere", "nowhere"):
        answer = api.http.get(f"/api/{service}/{path}", headers={"Accept-Language": language})
        assert answer.headers["content-language"] == language
        assert bool(re.search("[а-яөүң]", problem(answer, 404)["detail"])) == (language != "en")


@EACH_SERVICE
def test_documentation_opens_without_the_internet(service: str, api: Gateway) -> None:
    """Each asset the page names resolves below the gateway's prefix and is served by the platform itself."""
    base = f"{api.url}/api/{service}/docs"
    page = api.http.get(f"/api/{service}/docs")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert not re.findall(r"https?:|[\"'(]//", page.text)
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text) + re.findall(r'url: "([^"]+)"', page.text)
    assert len(named) == 4
    for name in named:
        asset = api.http.get(str(httpx.URL(base).join(name)))
        assert asset.status_code == 200, name
        if name.endswith(".css"):
            assert not re.findall(r"url\(['\"]?https?:|@import", asset.text)


@EACH_SERVICE
def test_each_document_is_served_below_its_prefix(service: str, api: Gateway) -> None:
    for name, version in (("openapi.json", "3.1.0"), ("openapi-3.0.json", "3.0.3")):
        document = api.call("GET", f"{service}/{name}").json()
        assert document["openapi"] == version
        assert document["servers"] == [{"url": f"/api/{service}"}]
    assert api.call("GET", f"{service}/asyncapi.json").json()["id"] == f"urn:ashar:{service}"
    assert api.call("GET", f"{service}/readyz").json()["status"] == "ready"
    assert api.call("GET", f"{service}/version").json()["service"] == service


def test_links_to_the_next_page_are_relative(api: Gateway) -> None:
    """The address a client already has stays the base, through gateway and X-Road alike."""
    answer = api.call("GET", "registry/v1/territories", params={"limit": 2, "municipality": "true"})
    [target] = re.findall(r'^<(\?[^>]+)>; rel="next"$', answer.headers["link"])
    following = api.http.get(str(answer.url.join(target)))
    assert following.status_code == 200
    first, second = answer.json()["items"], following.json()["items"]
    assert not {one["code"] for one in first} & {one["code"] for one in second}


def test_a_kept_connection_answers_at_once(api: Gateway, stage: Stage) -> None:
    """Where a socket lacks TCP_NODELAY, each answer after the first waits 40 ms for a delayed acknowledgement."""
    seconds = []
    with httpx.Client(base_url=stage.direct("registry"), trust_env=False) as direct:
        for _ in range(15):
            started = time.perf_counter()
            assert direct.get("/healthz").status_code == 200
            assert api.http.get("/api/registry/healthz").status_code == 200
            seconds.append(time.perf_counter() - started)
    assert sorted(seconds)[len(seconds) // 2] < 0.03
