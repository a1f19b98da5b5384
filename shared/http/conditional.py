"""Strong ETags from aggregate versions; changes need the version that was read."""

import zlib
from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response

from shared.http.errors import BadRequest, PreconditionRequired, Stale


def etag(version: int, content: bytes) -> str:
    """Version and bytes ("7.1c3f9a02"): names of others that a view shows change without the version of the thing
    itself. `If-Match` reads the version only."""
    return f'"{version}.{zlib.crc32(content):08x}"'


async def _if_match(
    if_match: Annotated[str | None, Header(description="ETag of the version you read")] = None,
) -> int:
    if if_match is None:
        raise PreconditionRequired
    try:
        return int(if_match.strip().removeprefix("W/").strip('"').partition(".")[0])
    except ValueError as error:
        raise BadRequest(
            code="malformed_if_match", detail="If-Match must be an ETag of this resource."
        ) from error


IfMatch = Annotated[int, Depends(_if_match)]
"""The version a change is based on; 428 when the header is missing."""


def expect(current: int, expected: int) -> None:
    """Raises Stale (412) with the present version when they differ."""
    if current != expected:
        raise Stale(current_version=current)


def not_modified(if_none_match: str | None, tag: str) -> Response | None:
    """304 when the caller already has this representation."""
    if if_none_match is None:
        return None
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return None
