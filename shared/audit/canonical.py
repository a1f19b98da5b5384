"""Values as bytes, the same for equal values and for no others. Pure; what is hashed of an audit row is made of these.

Every value begins with one letter for its type and says its length or its number of members, so nothing that
follows can be taken for a part of it. Lengths and numbers are four bytes, the first the highest."""

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

import orjson

NULL = b"-"
"""SQL's NULL. The null of a JSON document is `jn`."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\],:"]+', re.DOTALL)
_WORDS = {"null": b"n", "true": b"t", "false": b"f"}


def integer(value: int) -> bytes:
    """`d`, length, decimal digits."""
    return _sized(b"d", str(value).encode())


def text(value: str) -> bytes:
    """`s`, length, UTF-8."""
    return _sized(b"s", value.encode())


def identifier(value: UUID) -> bytes:
    """`u`, 16 bytes."""
    return b"u" + value.bytes


def moment(value: bytes) -> bytes:
    """`m`, 8 bytes: microseconds since 2000-01-01T00:00:00Z, signed; the outermost values are ±infinity.

    Takes what Postgres' `timestamptz_send` gives, which unlike a datetime holds every moment a row can have."""
    if len(value) != 8:
        raise ValueError("not a moment of Postgres")
    return b"m" + value


def document(value: str) -> bytes:
    """`j` and a JSON value as Postgres writes `jsonb`: members of objects sorted by name, numbers by their digits.

    `1.0` and `1.00` differ here as they do in the row. Goes through a document of any depth without recursion:
    whoever can change a row must not be able to stop its check."""
    items: list[bytes] = []
    around: list[list[bytes]] = []
    for token in _TOKEN.findall(value):
        first = token[0]
        if first == '"':
            items.append(text(orjson.loads(token)) if "\\" in token else text(token[1:-1]))
        elif first in "{[":
            around.append(items)
            items = []
        elif first in "}]":
            whole = _object(items) if first == "}" else _array(items)
            items = around.pop()
            items.append(whole)
        else:
            items.append(_WORDS.get(token) or _sized(b"d", token.encode()))
    [whole] = items
    return b"j" + whole


def _array(items: Sequence[bytes]) -> bytes:
    return _counted(b"a", len(items), items)


def _object(items: Sequence[bytes]) -> bytes:
    members = sorted(zip(items[0::2], items[1::2], strict=True))
    return _counted(b"o", len(members), (part for member in members for part in member))


def _counted(kind: bytes, count: int, parts: Iterable[bytes]) -> bytes:
    return kind + count.to_bytes(4) + b"".join(parts)


def _sized(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4) + content
