"""What is reachable from outside, and under which path the services see it."""

import json

import httpx
import pytest

from deploy.gateway.settings import SERVICES
from tests.deploy.gateway import expect


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/things/7?limit=5&q=%D3%A9%D0%BC%D2%AF%D1%80",
        "/docs",
        "/docs/events",
        "/docs/swagger-ui.css",
        "/openapi.json",
        "/openapi-3.0.json",
        "/asyncapi.json",
        "/readyz",
        "/healthz",
        "/version",
    ],
)
def test_prefix_is_stripped(client: httpx.Client, service: str, path: str) -> None:
    seen = client.get(f"/api/{service}{path}").json()
    assert (seen["service"], seen["target"]) == (service, path)
    assert seen["headers"]["x-forwarded-prefix"] == f"/api/{service}"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_method_and_body_arrive(client: httpx.Client, method: str) -> None:
    seen = client.request(method, "/api/monitoring/v1/visits", content=b"x" * 50_000).json()
    assert (seen["method"], seen["body_bytes"]) == (method, 50_000)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/v1/things",
        "/api",
        "/api/",
        "/api/registry",
        "/api/billing/v1/things",
        "/api/ideas-market/v1/ideas",
        "/API/registry/v1/things",
        "/api/registry/v1things",
        "/api/registry/docsx",
        "/api/registry/openapi.json/x",
        "/start/nothing.css",
        "/favicon.ico",
    ],
)
def test_unknown_path(client: httpx.Client, path: str) -> None:
    expect.traced_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/api/registry/metrics",
        "/api/registry/v1/../metrics",
        "/api/registry/v1/%2e%2e/metrics",
        "/api/registry/v1/.%2E/metrics",
        "/api/registry/v1/x/..\\..\\..\\metrics",
        "/api/registry//metrics",
        "/api/registry/v1/..;/metrics",
    ],
)
def test_metrics_stay_inside(client: httpx.Client, path: str) -> None:
    target = client.build_request("GET", "/")
    target.url = target.url.copy_with(raw_path=path.encode())
    expect.problem(client.send(target), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/registry/v1/..%2fmetrics", "/api/registry/v1/..%5Cmetrics", "/a%2Fb"])
def test_escaped_slashes_are_refused(client: httpx.Client, path: str) -> None:
    target = client.build_request("GET", "/")
    target.url = target.url.copy_with(raw_path=path.encode())
    expect.problem(client.send(target), 400, "bad_request")


def test_path_is_normalised(client: httpx.Client) -> None:
    target = client.build_request("GET", "/")
    target.url = target.url.copy_with(raw_path=b"/api//registry/./v1//x/../things")
    assert client.send(target).json()["target"] == "/v1/things"


def test_own_health(client: httpx.Client) -> None:
    answer = client.get("/healthz")
    assert json.loads(answer.content) == {"status": "ok"}
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/", "/healthz", "/start/index.html"])
def test_own_pages_are_read_only(client: httpx.Client, path: str) -> None:
    answer = client.post(path)
    expect.traced_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
