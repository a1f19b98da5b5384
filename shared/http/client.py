"""Outgoing HTTP: the only module that names the client library. Timeouts always, retries never hidden."""

from typing import Any

import httpx

TRANSPORT_ERRORS: tuple[type[Exception], ...] = (httpx.TransportError,)
"""What a request raises that got no answer: refused, reset, timed out."""
DEFAULT_TIMEOUT = httpx.Timeout(10.0, connect=2.0)


def make_client(base_url: str = "", *, timeout: float | None = None) -> httpx.AsyncClient:
    """A client that trusts no proxy settings of the environment and follows no redirects."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout, connect=min(timeout, 2.0)) if timeout else DEFAULT_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


async def fetch_json(url: str) -> dict[str, Any]:
    """GET a JSON object. Raises httpx.HTTPError or ValueError."""
    async with make_client(timeout=5.0) as client:
        response = await client.get(url)
        response.raise_for_status()
        document = response.json()
    if not isinstance(document, dict):
        raise TypeError(f"{url} did not answer with an object")
    return document
