"""One walk along a chain, row by row in the order of positions. Pure; remembers the last row only."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from shared.audit.encoding import NOTHING, beginning, follow
from shared.audit.findings import Finding, Kind
from shared.audit.heads import Head


class Walk:
    """Holds each row against its hash and each hash against the one before."""

    def __init__(self, service: str, beginnings: Mapping[int, Sequence[UUID]]) -> None:
        """`beginnings`: lives of the database by the position after which they wrote."""
        self._service = service
        self._beginnings = beginnings
        self._linked, self._hash = 0, NOTHING
        self._sure = True
        self.last = 0
        self.rows = 0

    def row(
        self, position: int, previous: bytes | None, digest: bytes | None, content: bytes
    ) -> Iterator[Finding]:
        """`content` is the encoded row. After a row that is missing or has no hash, what the next one follows is
        not known, and it is not held against it."""
        self.rows += 1
        if position < 1:
            yield Finding(Kind.MISPLACED, position, position)
            return
        if position > self.last + 1:
            yield Finding(Kind.MISSING, self.last + 1, position - 1)
            self._sure = False
        self.last = position
        if digest is None:
            yield Finding(Kind.UNCHAINED, position, position)
            self._sure = False
            return
        if previous is None or follow(previous, content) != digest:
            yield Finding(Kind.CHANGED, position, position)
        elif self._sure and previous not in self._expected():
            yield Finding(Kind.REWRITTEN, max(self._linked, 1), position)
        self._linked, self._hash, self._sure = position, digest, True

    def _expected(self) -> Sequence[bytes]:
        lives = self._beginnings.get(self._linked, ())
        if lives or self._linked == 0:
            return [beginning(self._service, life, self._linked, self._hash) for life in lives]
        return [self._hash]


class Comparison:
    """Holds the hashes met on a walk against published heads."""

    def __init__(self, ends: Mapping[UUID, int], restored: Mapping[UUID, int]) -> None:
        """`ends`: the last position of lives that a restore ended, as this database has it. `restored`: the same
        as whoever checks knows it; what such a life published beyond is no finding."""
        self._ends = ends
        self._restored = restored
        self._contradicted = False
        self.compared = 0
        self.reached = 0
        """The highest position of a head that lies on the walk."""
        self.covered = 0
        """The highest position whose heads all have the hash of the row."""
        self.given_up = 0
        """Heads of lives that are known to have been ended before them."""

    def hold(self, heads: Sequence[Head], digest: bytes | None) -> Iterator[Finding]:
        """All heads of one position. `digest`: what the row has; None where there is no row or it is not linked.

        Positions only grow. Once a head is contradicted those after it must be too: the first says where to look."""
        position = heads[0].position
        self.compared += len(heads)
        self.reached = position
        contradicted = False
        for head in heads:
            if head.hash == digest:
                continue
            for found in self._difference(head, Kind.CONTRADICTED, self.covered + 1):
                contradicted = contradicted or found.kind is Kind.CONTRADICTED
                if found.kind is not Kind.CONTRADICTED or not self._contradicted:
                    yield found
        if contradicted:
            self._contradicted = True
        elif any(head.hash == digest for head in heads):
            self.covered, self._contradicted = position, False

    def beyond(self, head: Head, last: int) -> Iterator[Finding]:
        """A head of a position after the last row."""
        self.compared += 1
        yield from self._difference(head, Kind.CUT_OFF, last + 1)

    def _difference(self, head: Head, kind: Kind, first: int) -> Iterator[Finding]:
        life = head.epoch
        if life is not None and head.position > self._restored.get(life, head.position):
            self.given_up += 1
        elif life is not None and head.position > self._ends.get(life, head.position):
            yield Finding(Kind.LOST, self._ends[life] + 1, head.position, f"life {life}")
        else:
            yield Finding(kind, first, head.position)
