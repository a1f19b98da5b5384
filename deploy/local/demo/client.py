"""The demo's way to the platform: HTTP through the gateway, as anybody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
PATIENCE_SECONDS = 20.0


class DemoFailed(RuntimeError):
    """The platform did not do what the demo shows."""


@dataclass
class Demo:
    """What the steps share: the client, the tokens, and ids that later steps need."""

    http: httpx.AsyncClient
    receiver_url: str = ""
    received: list[Any] = field(default_factory=list)
    ids: dict[str, Any] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    feed_key: str = ""

    async def token(self, role: str, organisation: str) -> str:
        """A development token of this role at this organisation."""
        found = self.tokens.get((role, organisation))
        if found is None:
            body = {"grant_type": "development", "role": role, "organisation": organisation}
            found = (await self.post("registry", "/tokens", body, expected=200))["access_token"]
            self.tokens[role, organisation] = found
        return found

    async def request(
        self,
        method: str,
        service: str,
        path: str,
        *,
        actor: tuple[str, str] | None = None,
        expected: int = 200,
        headers: dict[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """One call as `actor` (role, organisation). Raises DemoFailed with the problem's own words."""
        sent = dict(headers or {})
        if actor is not None:
            sent["Authorization"] = f"Bearer {await self.token(*actor)}"
        url = f"/api/{service}/v1{path}"
        answer = await self.http.request(method, url, headers=sent, **content)
        if answer.status_code != expected:
            raise DemoFailed(f"{method} {url}: {answer.status_code} {answer.text[:600]}")
        return answer

    async def get(self, service: str, path: str, actor: tuple[str, str] | None = None, **query: Any) -> Any:
        return (await self.request("GET", service, path, actor=actor, params=query or None)).json()

    async def post(
        self,
        service: str,
        path: str,
        body: Any = None,
        actor: tuple[str, str] | None = None,
        *,
        expected: int = 201,
        headers: dict[str, str] | None = None,
    ) -> Any:
        answer = await self.request(
            "POST", service, path, actor=actor, expected=expected, headers=headers, json=body
        )
        return answer.json()

    async def all(
        self, service: str, path: str, actor: tuple[str, str] | None = None, **query: Any
    ) -> list[Any]:
        """Every item of a list, page by page."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            page = await self.get(
                service, path, actor, limit=200, **query, **({"cursor": cursor} if cursor else {})
            )
            items += page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return items

    async def until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until there is something; the services tell each other by events, so it takes a moment."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    found = await look()
                    if found:
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise DemoFailed(f"waited {PATIENCE_SECONDS:.0f} s for {what}") from error


def check(fact: object, what: str) -> None:
    """Raises DemoFailed when a fact read back is not what the step claims."""
    if not fact:
        raise DemoFailed(what)
