"""Requests the gateway refuses itself, in which words, and the answers it must leave alone."""

import json
import re
import socket
from http.client import HTTPResponse

import httpx
import pytest

from deploy.gateway.envoy import Gateway
from tests.deploy.gateway import expect
from tests.deploy.gateway.conftest import BODY_LIMIT
from tests.deploy.gateway.stub import PROBLEM

VISITS = "/api/monitoring/v1/visits"


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
    body = expect.problem(client.get(VISITS, headers={"x-much": "x" * 40_000}), 431, "headers_too_large")
    assert re.fullmatch("[0-9a-f]{32}", body["trace_id"])


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
    assert re.fullmatch("[0-9a-f]{32}", body["trace_id"])


def test_unreadable_requests_are_told_apart(client: httpx.Client) -> None:
    answers = [client.get("/api/registry/v1/a%2fb") for _ in range(2)]
    ids = {expect.traced_problem(answer, 400, "bad_request")["trace_id"] for answer in answers}
    assert len(ids) == 2


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
