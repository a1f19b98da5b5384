"""Reads another service's change feed over HTTP, page by page. The HTTP client is given, not chosen here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import orjson

from shared.http.client import TRANSPORT_ERRORS
from shared.messaging.backoff import Backoff
from shared.messaging.envelope import Envelope
from shared.messaging.event_row import envelope_from_json

GONE = 410
LONGEST_WAIT = 60.0
"""Seconds, whatever the owner asks for."""
_BUSY = frozenset({429, 500, 502, 503, 504})
_BACKOFF = Backoff(first=0.5, longest=15.0)


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

    @property
    def headers(self) -> Mapping[str, str]: ...


class Client(Protocol):
    """What an `httpx.AsyncClient` offers, as far as it is needed."""

    async def get(self, url: str, *, params: Any) -> Response: ...


Pages = Callable[[Sequence[str]], AsyncIterator[FeedPage]]
"""Given event types (empty: all), the pages of a feed from its beginning on. Endless: after a page without `more`
the next one is asked for when the iterator is advanced."""


def http_pages(
    client: Client,
    path: str = "/v1/changes",
    *,
    limit: int = 1000,
    attempts: int = 6,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Pages:
    """The feed at `path`; the client knows the owner's address and authenticates.

    An owner that is away or busy (429, 5xx, no answer) is asked again, `attempts` times in all for each page.
    Iterating raises FeedGone, FeedFailed, and the client's own errors."""

    async def pages(types: Sequence[str]) -> AsyncIterator[FeedPage]:
        after: str | None = None
        while True:
            query: dict[str, Any] = {"limit": limit, "type": list(types)}
            if after is not None:
                query["after"] = after
            page = _page(await _asked(client, path, query, attempts, sleep))
            yield page
            after = page.next

    return pages


async def _asked(
    client: Client, path: str, query: Any, attempts: int, sleep: Callable[[float], Awaitable[None]]
) -> Response:
    """The answer, or the last of those that were no answer."""
    for failures in range(1, attempts):
        try:
            response = await client.get(path, params=query)
        except TRANSPORT_ERRORS:
            wait = _BACKOFF.after(failures)
        else:
            if response.status_code not in _BUSY:
                return response
            wait = max(_BACKOFF.after(failures), _retry_after(response))
        await sleep(wait)
    return await client.get(path, params=query)


def _retry_after(response: Response) -> float:
    """Seconds the owner asks for (RFC 9110 §10.2.3), at most a minute; 0 where it says nothing that can be read."""
    given = response.headers.get("retry-after", "")
    if given.isascii() and given.isdigit():
        return min(float(given), LONGEST_WAIT)
    try:  # a moment by the owner's clock, which `Date` shows
        moment, now = (parsedate_to_datetime(text) for text in (given, response.headers.get("date", "")))
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)


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
