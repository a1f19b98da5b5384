"""What every answer of the gateway's own must look like."""

from typing import Any

import httpx

REQUIRED = {"type", "title", "status", "code", "detail"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an RFC 9457 answer, after checking that it is one."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() >= REQUIRED
    assert body["status"] == status
    assert body["type"] == f"https://ashar.kg/problems/{code}"
    assert answer.headers["cache-control"] == "no-store"
    return body


def traced_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """As `problem`, with the trace that every request has which Envoy could read."""
    body = problem(answer, status, code)
    assert len(body["trace_id"]) == 32
    assert int(body["trace_id"], 16)
    assert body["instance"] == answer.request.url.path
    return body
