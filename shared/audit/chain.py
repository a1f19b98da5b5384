"""Links committed audit rows: each hash covers its row and the hash before it. Runs inside the sequencer's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.audit.encoding import ID, NOTHING, POSITION, SELECTED, beginning, encode, follow
from shared.db.database import Connection

BATCH = 1000

_FRESH = f"SELECT {SELECTED} FROM audit WHERE position IS NULL ORDER BY id LIMIT {BATCH}"
_UNLINKED = f"SELECT {SELECTED} FROM audit WHERE position > $1 ORDER BY position LIMIT {BATCH}"

# The life of the database as the sequencer knows it, where its part of the chain begins, and the last position.
_STATE = """
SELECT life.epoch, segment.after_position, last.position, last.hash
FROM (SELECT epoch FROM epoch ORDER BY number DESC LIMIT 1) AS life
LEFT JOIN audit_segment AS segment USING (epoch)
LEFT JOIN LATERAL (
    SELECT position, hash FROM audit WHERE position > 0 ORDER BY position DESC LIMIT 1
) AS last ON true
"""
_LAST_LINKED = """
SELECT position, hash FROM audit WHERE position > 0 AND hash IS NOT NULL ORDER BY position DESC LIMIT 1
"""
_LINK = """
UPDATE audit SET position = linked.position, previous_hash = linked.previous_hash, hash = linked.hash
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) AS linked (id, position, previous_hash, hash)
WHERE audit.id = linked.id
"""


@dataclass(frozen=True, slots=True)
class _End:
    """Where the chain stands: its last row, and the life that writes it."""

    epoch: UUID
    begun_after: int | None
    """None: this life has linked nothing yet."""
    position: int
    hash: bytes


class AuditChain:
    """The sequencer's hook: gives positions to committed audit rows and links them, one batch a call."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._settled = False

    async def __call__(self, connection: Connection) -> int:
        """How many rows were linked; 0 when all are."""
        fresh = await connection.fetch(_FRESH)
        if not fresh and self._settled:
            return 0
        state = await connection.fetchrow(_STATE)
        assert state is not None, "the sequencer has begun a life"
        if state["position"] is not None and state["hash"] is None:
            return await self._catch_up(connection, state["epoch"], state["after_position"])
        self._settled = True
        if not fresh:
            return 0
        end = _End(state["epoch"], state["after_position"], state["position"] or 0, state["hash"] or NOTHING)
        rows = [list(row.values()) for row in fresh]
        for place, row in enumerate(rows, start=end.position + 1):
            row[POSITION] = place
        return await self._link(connection, end, rows)

    async def _catch_up(self, connection: Connection, epoch: UUID, begun_after: int | None) -> int:
        """Rows that have a position already: of before there was a chain, or of a sequencer that knew none."""
        last = await connection.fetchrow(_LAST_LINKED)
        end = _End(epoch, begun_after, *(last.values() if last else (0, NOTHING)))
        rows = [list(row.values()) for row in await connection.fetch(_UNLINKED, end.position)]
        return await self._link(connection, end, rows)

    async def _link(self, connection: Connection, end: _End, rows: Sequence[Sequence[Any]]) -> int:
        previous = await self._previous(connection, end)
        before, hashes = [], []
        for row in rows:
            before.append(previous)
            previous = follow(previous, encode(row))
            hashes.append(previous)
        await connection.execute(
            _LINK, [row[ID] for row in rows], [row[POSITION] for row in rows], before, hashes
        )
        return len(rows)

    async def _previous(self, connection: Connection, end: _End) -> bytes:
        if end.begun_after is None:
            await connection.execute(
                "INSERT INTO audit_segment (epoch, after_position) VALUES ($1, $2)", end.epoch, end.position
            )
        elif end.begun_after != end.position:
            return end.hash
        return beginning(self._service, end.epoch, end.position, end.hash)
