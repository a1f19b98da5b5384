"""Reads another service's change feed over HTTP, page by page. The HTTP client is given, not chosen here."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from shared.messaging.envelope import Envelope
from shared.messaging.event_row import envelope_from_json

GONE = 410


class FeedGone(Exception):
    """The owner's database was restored: what was read so far may never have happened."""


class FeedFailed(Exception):
    """The owner's change feed did not answer as it should."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    events: Sequence[Envelope]
    next: str
    more: bool


class Response(Protocol):
    @property
    def status_code(self) -> int: ...

    @property
    def content(self) -> bytes: ...


class Client(Protocol):
    """What an `httpx.AsyncClient` offers, as far as it is needed."""

    async def get(self, url: str, *, params: Any) -> Response: ...


Pages = Callable[[Sequence[str]], AsyncIterator[FeedPage]]
"""Given event types (empty: all), the pages of a feed from its beginning on. Endless: after a page without `more`
the next one is asked for when the iterator is advanced."""


def http_pages(client: Client, path: str = "/v1/changes", *, limit: int = 1000) -> Pages:
    """The feed at `path`; the client knows the owner's address and authenticates.

    Iterating raises FeedGone, FeedFailed, and the client's own errors."""

    async def pages(types: Sequence[str]) -> AsyncIterator[FeedPage]:
        after: str | None = None
        while True:
            query: dict[str, Any] = {"limit": limit, "type": list(types)}
            if after is not None:
                query["after"] = after
            page = _page(await client.get(path, params=query))
            yield page
            after = page.next

    return pages


def _page(response: Response) -> FeedPage:
    if response.status_code == GONE:
        raise FeedGone
    if response.status_code != 200:
        raise FeedFailed(f"status {response.status_code}")
    try:
        body = orjson.loads(response.content)
        return FeedPage([envelope_from_json(item) for item in body["items"]], body["next"], body["more"])
    except (ValueError, KeyError, TypeError) as error:
        raise FeedFailed(f"not a page of a change feed: {error!r}") from error
