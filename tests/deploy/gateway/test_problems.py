"""Refusals and failures the gateway answers itself, and the ones it must leave alone."""

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse

import httpx
import pytest

from deploy.gateway.envoy import Gateway
from deploy.gateway.settings import Upstream
from deploy.local.processes import free_port
from tests.deploy.gateway import expect
from tests.deploy.gateway.conftest import BODY_LIMIT, StartGateway, connect
from tests.deploy.gateway.stub import PROBLEM, Stub

VISITS = "/api/monitoring/v1/visits"


@pytest.fixture(scope="module")
def garbage() -> Iterator[int]:
    """Port of something that answers, but not in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_talk_nonsense, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _talk_nonsense(listening: socket.socket) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            connection.sendall(b"+OK ready\r\n\r\n")


@pytest.fixture(scope="module")
def failing(start_gateway: StartGateway, stub: Stub, garbage: int) -> Gateway:
    """The ideas market is down, scoring talks nonsense, and patience is short."""
    broken = {"ideas_market": Upstream("127.0.0.1", free_port()), "scoring": Upstream("127.0.0.1", garbage)}
    return start_gateway(upstreams={**stub.upstreams, **broken}, response_timeout=0.5)


@pytest.fixture
def failing_client(failing: Gateway) -> Iterator[httpx.Client]:
    with connect(failing) as opened:
        yield opened


def test_service_down(failing_client: httpx.Client) -> None:
    answer = failing_client.post("/api/ideas_market/v1/ideas", json={})
    expect.traced_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_one_service_down_leaves_the_others(failing_client: httpx.Client) -> None:
    assert failing_client.get(VISITS).status_code == 200


def test_service_silent(failing_client: httpx.Client) -> None:
    expect.traced_problem(failing_client.get("/api/registry/v1/silence"), 504, "gateway_timeout")


def test_service_unintelligible(failing_client: httpx.Client) -> None:
    expect.traced_problem(failing_client.get("/api/scoring/v1/scores"), 502, "bad_gateway")


def test_stream_longer_than_the_timeout(failing_client: httpx.Client) -> None:
    """Silence is limited, not the length: 8 events in 1.2 s with a limit of 0.5 s."""
    answer = failing_client.get("/api/registry/v1/events?events=8&every=0.15")
    assert answer.text.count("data: ") == 8


def test_declared_body_too_large(client: httpx.Client) -> None:
    expect.traced_problem(client.post(VISITS, content=b"x" * (BODY_LIMIT + 1)), 413, "too_large")


def test_streamed_body_too_large(client: httpx.Client) -> None:
    chunks = (b"x" * 10_000 for _ in range(BODY_LIMIT // 10_000 + 1))
    expect.traced_problem(client.post(VISITS, content=chunks), 413, "too_large")


@pytest.mark.parametrize("streamed", [False, True])
def test_largest_body_passes(client: httpx.Client, streamed: bool) -> None:
    body = b"x" * BODY_LIMIT
    seen = client.post(VISITS, content=iter([body]) if streamed else body).json()
    assert seen["body_bytes"] == BODY_LIMIT


def test_headers_too_large(client: httpx.Client) -> None:
    expect.problem(client.get(VISITS, headers={"x-much": "x" * 40_000}), 431, "headers_too_large")


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
    ],
    ids=["header", "no-host", "smuggling", "length"],
)
def test_unreadable_request(gateway: Gateway, request_text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(gateway.url).port or 0), timeout=5) as connection:
        connection.sendall(request_text)
        answer = HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())
    assert (answer.status, body["status"], body["code"]) == (400, 400, "bad_request")
    assert answer.headers["content-type"] == "application/problem+json"


def test_problem_of_a_service_is_untouched(client: httpx.Client) -> None:
    answer = client.get("/api/registry/v1/problem", headers={"accept-language": "ky"})
    assert (answer.status_code, answer.content) == (409, PROBLEM)
    assert "content-language" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "language", "title"),
    [
        (None, "en", "Nothing was found at this address."),
        ("ky", "ky", "Табылган жок"),
        ("ru-RU, en;q=0.5", "ru", "Не найдено"),
        ("en, ru;q=0.5, ky;q=0.4", "en", "Nothing was found at this address."),
        ("kk-KZ, ru;q=0.8", "ru", "Не найдено"),
        ("uz, ky;q=0.8, ru;q=0.5", "ky", "Табылган жок"),
        ("RU", "ru", "Не найдено"),
        ("kyx, de", "en", "Nothing was found at this address."),
    ],
)
def test_language(client: httpx.Client, accept: str | None, language: str, title: str) -> None:
    answer = client.get("/nowhere", headers={} if accept is None else {"accept-language": accept})
    assert expect.traced_problem(answer, 404, "not_found")["title"] == title
    assert answer.headers["content-language"] == language


def test_query_is_not_repeated(client: httpx.Client) -> None:
    assert "secret" not in client.get("/nowhere?token=secret").text
