"""Bodies on their way in: of a type the operation takes, and not larger than allowed. Asked for only when the
application wants the body, so a request without one pays nothing."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
MediaTypes = Mapping[tuple[str, str], tuple[str, ...]]
"""(method, path template) → what its body may be."""

_HINTS = {"POST": "accept-post", "PATCH": "accept-patch"}


def checked(
    receive: Receive,
    scope: Mapping[str, Any],
    headers: Mapping[bytes, bytes],
    *,
    media_types: MediaTypes,
    limit: int,
) -> Receive:
    """Raises HTTPException 415 before the first byte is read, 413 once there are more than `limit` bytes: what
    Content-Length says may be absent or a lie."""
    seen = -1

    async def counting() -> Message:
        nonlocal seen
        if seen < 0:
            seen = 0
            _check_type(scope, headers, media_types)
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413)
        return message

    return counting


def _check_type(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], media_types: MediaTypes) -> None:
    """Hints by RFC 9110 §15.5.16 and RFC 5789 §2.2. An empty body has no type to be wrong."""
    route = getattr(scope.get("route"), "path", "")
    taken = media_types.get((scope["method"], route))
    if not taken or not _has_body(headers):
        return
    essence = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    if essence not in taken:
        listed = ", ".join(taken)
        raise HTTPException(415, headers={"accept": listed, _HINTS.get(scope["method"], "accept"): listed})


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
