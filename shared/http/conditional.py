"""Strong ETags from aggregate versions; changes need the version that was read (RFC 9110 §8.8, §13.1)."""

import re
import zlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from shared.http.errors import BadRequest, PreconditionRequired, Stale

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\U0010ffff]*)"')
_VERSION = re.compile(r"([0-9]{1,18})(?:\..*)?", re.ASCII)


def etag(version: int, content: bytes) -> str:
    """Version and bytes ("7.1c3f9a02"): names of others that a view shows change without the version of the thing
    itself. `If-Match` reads the version only."""
    return f'"{version}.{zlib.crc32(content):08x}"'


@dataclass(frozen=True, slots=True)
class Precondition:
    """The versions a change may be based on; `anything` is `*`: whatever there is."""

    versions: frozenset[int] = frozenset()
    anything: bool = False

    @classmethod
    def at(cls, version: int) -> "Precondition":
        """For use cases that know what they change."""
        return cls(frozenset({version}))

    @classmethod
    def read(cls, header: str) -> "Precondition":
        """An If-Match header, compared strongly: weak tags and those of others match nothing. Raises ValueError."""
        if header.strip(" \t") == "*":
            return cls(anything=True)
        strong = (tag for weak, tag in _tags(header) if not weak)
        return cls(frozenset(int(found[1]) for tag in strong if (found := _VERSION.fullmatch(tag))))

    def holds(self, version: int) -> bool:
        return self.anything or version in self.versions


async def _if_match(
    request: Request,
    if_match: Annotated[str | None, Header(description="ETag of the version you read")] = None,
) -> Precondition:
    if if_match is None:
        raise PreconditionRequired
    try:
        return Precondition.read(",".join(request.headers.getlist("if-match")))
    except ValueError as error:
        raise BadRequest(
            code="malformed_if_match", detail="If-Match must be an ETag of this resource."
        ) from error


IfMatch = Annotated[Precondition, Depends(_if_match)]
"""The version a change is based on; 428 when the header is missing."""


def expect(current: int, expected: Precondition) -> None:
    """Raises Stale (412) with the present version when it is none of those expected."""
    if not expected.holds(current):
        raise Stale(current_version=current)


def known_already(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names this strong ETag, compared weakly; one that cannot be read names none."""
    if if_none_match == tag:
        return True
    if if_none_match.strip(" \t") == "*":
        return True
    try:
        return tag[1:-1] in {opaque for _, opaque in _tags(if_none_match)}
    except ValueError:
        return False


def not_modified(if_none_match: str | None, tag: str) -> Response | None:
    """304 when the caller already has this representation."""
    if if_none_match is None or not known_already(if_none_match, tag):
        return None
    return Response(status_code=304, headers={"ETag": tag})


def _tags(header: str) -> list[tuple[bool, str]]:
    """(weak, opaque part) of each entity tag of a list. Raises ValueError."""
    if _TAG.sub("", header).strip(" \t,"):
        raise ValueError("not a list of entity tags")
    found = [(bool(weak), opaque) for weak, opaque in _TAG.findall(header)]
    if not found:
        raise ValueError("no entity tag")
    return found
