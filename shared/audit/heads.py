"""Heads of audit chains: where one stood at a moment. A service keeps its own, and those of all the others."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shared.audit.encoding import HASH_BYTES
from shared.contracts.audit import AuditHead
from shared.db.database import Connection, Database

PAGE = 1000
_COLUMNS = "service, epoch, version, position, hash, count, at"


@dataclass(frozen=True, slots=True)
class Head:
    """`hash` is that of the row at `position`; `epoch` the life of the database that wrote it, None: not told."""

    position: int
    hash: bytes
    epoch: UUID | None = None
    service: str | None = None
    version: int = 0
    count: int = 0
    at: datetime | None = None

    @classmethod
    def told(cls, service: str, payload: AuditHead) -> "Head":
        """From an event."""
        return cls(
            position=payload.position,
            hash=bytes.fromhex(payload.hash),
            epoch=payload.id,
            service=service,
            version=payload.aggregate_version,
            count=payload.count,
            at=payload.at,
        )

    def payload(self) -> AuditHead:
        """For the event. The head must be whole."""
        assert self.epoch is not None
        assert self.service is not None
        assert self.at is not None
        return AuditHead(
            id=self.epoch,
            aggregate_version=self.version,
            service=self.service,
            position=self.position,
            hash=self.hash.hex(),
            count=self.count,
            at=self.at,
        )

    @classmethod
    def parse(cls, text: str) -> "Head":
        """`position:hash`. Raises ValueError."""
        position, _, digest = text.partition(":")
        return cls(_position(position), _digest(digest))

    @classmethod
    def of_json(cls, found: Any) -> "Head":
        """From one object of `audit heads` or of the list of heads over HTTP. Raises ValueError."""
        try:
            epoch = found.get("epoch")
            return cls(
                position=_position(found["position"]),
                hash=_digest(found["hash"]),
                epoch=UUID(epoch) if epoch else None,
                service=found.get("service"),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("not a head: an object with position and hash is wanted") from error

    def line(self) -> bytes:
        """As `audit heads` prints it."""
        shown = {
            "service": self.service,
            "epoch": str(self.epoch) if self.epoch else None,
            "position": self.position,
            "hash": self.hash.hex(),
            "count": self.count,
            "at": self.at,
        }
        return orjson.dumps(shown)


def _position(value: Any) -> int:
    found = int(value)
    if found < 1:
        raise ValueError("a position is a number from 1")
    return found


def _digest(value: Any) -> bytes:
    found = bytes.fromhex(value)
    if len(found) != HASH_BYTES:
        raise ValueError("a hash has 64 hexadecimal digits")
    return found


async def keep(connection: Connection, heads: Sequence[Head]) -> int:
    """Add those that are not there; how many."""
    added = await connection.fetch(
        f"""INSERT INTO audit_head ({_COLUMNS})
            SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[],
                                 $7::timestamptz[])
            ON CONFLICT DO NOTHING RETURNING number""",
        [head.service for head in heads],
        [head.epoch for head in heads],
        [head.version for head in heads],
        [head.position for head in heads],
        [head.hash for head in heads],
        [head.count for head in heads],
        [head.at for head in heads],
    )
    return len(added)


async def contradictions(connection: Connection, heads: Sequence[Head]) -> Sequence[Any]:
    """(service, epoch, position) of these that another hash is kept for too."""
    return await connection.fetch(
        """SELECT service, epoch, position FROM audit_head
           JOIN unnest($1::text[], $2::uuid[], $3::bigint[]) AS told (service, epoch, position)
           USING (service, epoch, position)
           GROUP BY service, epoch, position HAVING count(DISTINCT hash) > 1""",
        [head.service for head in heads],
        [head.epoch for head in heads],
        [head.position for head in heads],
    )


async def kept(connection: Connection, service: str, after: int, last: int) -> list[Head]:
    """Heads of a service whose positions are above `after`, up to `last`."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM audit_head WHERE service = $1 AND position > $2 AND position <= $3
            ORDER BY position""",
        service,
        after,
        last,
    )
    return [Head(**row) for row in rows]


async def highest(connection: Connection, service: str) -> list[Head]:
    """The highest head of each life of a service's database."""
    rows = await connection.fetch(
        f"""SELECT DISTINCT ON (epoch) {_COLUMNS} FROM audit_head WHERE service = $1
            ORDER BY epoch, position DESC""",
        service,
    )
    return [Head(**row) for row in rows]


async def all_kept(database: Database, service: str | None) -> AsyncIterator[Head]:
    """Every head of a service, or of all, in the order in which they came."""
    after = 0
    while True:
        async with database.read() as connection:
            rows = await connection.fetch(
                f"""SELECT number, {_COLUMNS} FROM audit_head
                    WHERE number > $1 AND ($2::text IS NULL OR service = $2) ORDER BY number LIMIT {PAGE}""",
                after,
                service,
            )
        for row in rows:
            fields = dict(row)
            after = fields.pop("number")
            yield Head(**fields)
        if len(rows) < PAGE:
            return
