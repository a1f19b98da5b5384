"""Checks the audit trail of a database: reads it once from first to last row, a page in memory at a time."""

import asyncio
import bisect
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from shared.audit import heads
from shared.audit.encoding import COLUMNS, POSITION, SELECTED, encode
from shared.audit.findings import Finding, Kind, Merged
from shared.audit.heads import Head
from shared.audit.walk import Comparison, Walk
from shared.db.database import Connection, Database

PAGE = 500
LOWEST = -(2**63)

_ROWS = f"""
SELECT {SELECTED}, previous_hash, hash FROM audit
WHERE position >= $1 AND position <= $2 ORDER BY position LIMIT {PAGE}
"""
_PENDING = """
SELECT id FROM audit WHERE position IS NULL AND at < now() - make_interval(secs => $1) AND id > $2
ORDER BY id LIMIT 500
"""
_UNCOVERED = """
SELECT min(position) AS first, max(position) AS last FROM audit
WHERE position > $1 AND position <= $2 AND at < now() - make_interval(secs => $3)
"""


@dataclass(frozen=True)
class Demand:
    """What is to be checked. `given` are heads from outside the database; their number is held in memory."""

    service: str
    given: Sequence[Head] = ()
    restored: Mapping[UUID, int] = field(default_factory=dict)
    """Lives of the database that are known to have been ended by a restore → the last position it kept."""
    pending_seconds: float = 60.0
    """A row that waits longer for the sequencer is a finding."""
    uncovered_seconds: float = 900.0
    """Likewise a row that waits longer for a head."""


@dataclass(frozen=True, slots=True)
class Report:
    """`findings`: how many were told. 0: the chain holds as far as it is `covered`."""

    rows: int
    last: int
    covered: int
    compared: int
    given_up: int
    findings: int


_Wanted = deque[list[Head]]


def _position(head: Head) -> int:
    return head.position


class Verification:
    """`run` once. `tell` is given each finding, `progress` the position reached and the last one."""

    def __init__(
        self,
        database: Database,
        demand: Demand,
        *,
        tell: Callable[[Finding], None],
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self._database = database
        self._demand = demand
        self._tell = tell
        self._progress = progress
        self._merged = Merged()
        self._given = sorted(demand.given, key=_position)

    async def run(self) -> Report:
        async with self._database.read() as connection:
            # Before the end of the rows: a head that is published meanwhile would lie beyond it.
            tops = await heads.highest(connection, self._demand.service)
            lives = await connection.fetch(
                "SELECT epoch, after_position FROM audit_segment ORDER BY after_position, started_at"
            )
            end: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM audit")
        beginnings: dict[int, list[UUID]] = {}
        for life in lives:
            beginnings.setdefault(life["after_position"], []).append(life["epoch"])
        ends = {life["epoch"]: later["after_position"] for life, later in pairwise(lives)}
        walk = Walk(self._demand.service, beginnings)
        comparison = Comparison(ends, self._demand.restored)
        await self._read(walk, comparison, end)
        for head in (*tops, *self._given):
            if head.position > end:
                self._add(comparison.beyond(head, walk.last))
        await self._late(comparison.reached, end)
        for found in self._merged.rest():
            self._tell(found)
        return Report(
            rows=walk.rows,
            last=walk.last,
            covered=comparison.covered,
            compared=comparison.compared,
            given_up=comparison.given_up,
            findings=self._merged.count,
        )

    async def _read(self, walk: Walk, comparison: Comparison, end: int) -> None:
        first = LOWEST
        while first <= end:
            async with self._database.read() as connection:
                rows = await connection.fetch(_ROWS, first, end)
                last: int = rows[-1]["position"] if len(rows) == PAGE else end
                wanted = await self._heads(connection, first, last)
            for row in rows:
                self._step(walk, comparison, row, wanted)
            self._unmet(comparison, wanted, last + 1)
            self._progress(walk.last, end)
            await asyncio.sleep(0)
            first = last + 1

    def _step(self, walk: Walk, comparison: Comparison, row: Any, wanted: _Wanted) -> None:
        *content, previous, digest = tuple(row)
        assert len(content) == len(COLUMNS)
        position: int = content[POSITION]
        self._add(walk.row(position, previous, digest, encode(content)))
        self._unmet(comparison, wanted, position)
        if wanted and wanted[0][0].position == position:
            self._add(comparison.hold(wanted.popleft(), digest))

    def _unmet(self, comparison: Comparison, wanted: _Wanted, before: int) -> None:
        """Heads of positions that no row has."""
        while wanted and wanted[0][0].position < before:
            self._add(comparison.hold(wanted.popleft(), None))

    async def _heads(self, connection: Connection, first: int, last: int) -> _Wanted:
        """Heads kept here and given, those of a position together, in the order of positions."""
        found = await heads.kept(connection, self._demand.service, max(first - 1, 0), last)
        low = bisect.bisect_left(self._given, first, key=_position)
        high = bisect.bisect_right(self._given, last, key=_position)
        ordered = sorted((*found, *self._given[low:high]), key=_position)
        return deque(list(together) for _, together in groupby(ordered, key=_position))

    async def _late(self, reached: int, end: int) -> None:
        async with self._database.read() as connection:
            span = await connection.fetchrow(_UNCOVERED, reached, end, self._demand.uncovered_seconds)
            if span is not None and span["first"] is not None:
                self._add([Finding(Kind.UNCOVERED, span["first"], span["last"])])
            after = LOWEST
            while rows := await connection.fetch(_PENDING, self._demand.pending_seconds, after):
                for row in rows:
                    self._add([Finding(Kind.PENDING, row["id"], row["id"])])
                after = rows[-1]["id"]

    def _add(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            for told in self._merged.add(found):
                self._tell(told)
