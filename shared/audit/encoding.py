"""What is hashed of an audit row, and how one hash leads to the next. Pure; format 1.

A row is the names and values of all its columns but the two hashes, in a fixed order. Its hash is that of the row
before and of itself; the first one follows a beginning that names the service and the life of its database."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.audit import canonical

HASH_BYTES = 32
NOTHING = bytes(HASH_BYTES)
"""Stands for the row before the first."""

_ROW = b"ashar/audit/row/1\x00"
_BEGINNING = b"ashar/audit/beginning/1\x00"

_FIELDS: tuple[tuple[str, str, Callable[[Any], bytes]], ...] = (
    ("id", "id", canonical.integer),
    ("position", "position", canonical.integer),
    ("at", "timestamptz_send(at)", canonical.moment),
    ("actor", "actor", canonical.identifier),
    ("actor_kind", "actor_kind", canonical.text),
    ("organisation", "organisation", canonical.identifier),
    ("on_behalf_of", "on_behalf_of", canonical.identifier),
    ("credential", "credential", canonical.identifier),
    ("action", "action", canonical.text),
    ("object_type", "object_type", canonical.text),
    ("object_id", "object_id", canonical.identifier),
    ("before", "before::text", canonical.document),
    ("after", "after::text", canonical.document),
    ("trace_id", "trace_id", canonical.text),
    ("request_id", "request_id", canonical.text),
)
"""Column, how it is read so that every value it can hold arrives unchanged, how it is written down."""

COLUMNS = tuple(name for name, _, _ in _FIELDS)
SELECTED = ", ".join(f"{expression} AS {name}" for name, expression, _ in _FIELDS)
"""The columns in the order `encode` takes their values."""
ID, POSITION = COLUMNS.index("id"), COLUMNS.index("position")

_WRITTEN = tuple((canonical.text(name), write) for name, _, write in _FIELDS)


def encode(values: Sequence[Any]) -> bytes:
    """One row as bytes: `values` of `SELECTED`, in its order."""
    parts = []
    for (name, write), value in zip(_WRITTEN, values, strict=True):
        parts.append(name)
        parts.append(canonical.NULL if value is None else write(value))
    return b"".join(parts)


def follow(previous: bytes, row: bytes) -> bytes:
    """The hash of an encoded row that follows the one with the hash `previous`."""
    return sha256(_ROW + previous + row).digest()


def beginning(service: str, epoch: UUID, after: int, previous: bytes) -> bytes:
    """What the first row of a database's life follows: bound to the service, to that life, and to the row at
    position `after` (hash `previous`) that the life before ended with; 0 and `NOTHING` where there was none."""
    parts = (canonical.text(service), canonical.identifier(epoch), canonical.integer(after), previous)
    return sha256(_BEGINNING + b"".join(parts)).digest()
