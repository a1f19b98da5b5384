"""Keyset pages: an opaque cursor of the last row's sort values, no COUNT, no OFFSET."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query, Request
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from shared.http.errors import Invalid

MAX_LIMIT = 200
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What the caller asked for. Repositories fetch `limit + 1` rows after `after`."""

    limit: int
    after: tuple[Any, ...] | None
    path: str
    parameters: tuple[tuple[str, str], ...]

    def values(self, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
        """The cursor's sort values, converted; None on the first page. Raises Invalid (422)."""
        if self.after is None:
            return None
        if len(self.after) != len(kinds):
            raise _malformed()
        try:
            return tuple(kind(value) for kind, value in zip(kinds, self.after, strict=True))
        except (ValueError, TypeError, AttributeError) as error:
            raise _malformed() from error


class Page(BaseModel, Generic[T]):
    """`next_cursor` is absent on the last page; the `Link` header carries the same as an address."""

    items: list[T]
    next_cursor: str | None = None


async def _page_query(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> PageQuery:
    parameters = tuple(
        (name, value) for name, value in request.query_params.multi_items() if name != "cursor"
    )
    return PageQuery(limit, _decode(cursor) if cursor else None, request.url.path, parameters)


PageParams = Annotated[PageQuery, Depends(_page_query)]


def encode_cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).rstrip(b"=").decode()


def cut(
    rows: Sequence[R], query: PageQuery, sort_values: Callable[[R], Sequence[Any]]
) -> tuple[list[R], str | None]:
    """The rows of this page and the cursor of the next, from `limit + 1` rows."""
    page = list(rows[: query.limit])
    if len(rows) <= query.limit:
        return page, None
    return page, encode_cursor(sort_values(page[-1]))


def next_link(query: PageQuery, cursor: str) -> str:
    """A relative address: X-Road and the gateway rewrite hosts and prefixes."""
    return f'<?{urlencode([*query.parameters, ("cursor", cursor)])}>; rel="next"'


def _decode(cursor: str) -> tuple[Any, ...]:
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _malformed() from error
    if not isinstance(raw, list):
        raise _malformed()
    return tuple(raw)


def _as_json(items: list[T]) -> bytes:
    """By the serialiser of their type; one that has to find out the type of each item costs a sixth more."""
    return _list_of(type(items[0])).dump_json(items, exclude_none=True) if items else b"[]"


_LISTS: dict[Any, TypeAdapter[Any]] = {}


def _list_of(kind: Any) -> TypeAdapter[Any]:
    found = _LISTS.get(kind)
    if found is None:
        found = _LISTS[kind] = TypeAdapter(list[kind])
    return found


def _malformed() -> Invalid:
    return Invalid.at("/query/cursor", "This cursor was not issued by this list.", "malformed_cursor")


def render_page(query: PageQuery, items: list[T], cursor: str | None, **beside: BaseModel | None) -> Page[T]:
    """The rendered page with its `Link` header; typed as the page it holds, so that routes can declare it. `beside`
    holds what a page of the list's own type says about the whole list."""
    content = b'{"items":' + _as_json(items)
    if cursor is not None:
        content += b',"next_cursor":"' + cursor.encode() + b'"'
    for name, model in beside.items():
        if model is not None:
            content += b',"' + name.encode() + b'":' + model.model_dump_json(exclude_none=True).encode()
    content += b"}"
    headers = {"content-type": "application/json"}
    if cursor is not None:
        headers["link"] = next_link(query, cursor)
    return cast("Page[T]", Response(content, headers=headers))
