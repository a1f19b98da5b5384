"""What the check of an audit trail can find, and how many findings become few. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    CHANGED = "changed"
    REWRITTEN = "rewritten"
    MISSING = "missing"
    UNCHAINED = "unchained"
    MISPLACED = "misplaced"
    CONTRADICTED = "contradicted"
    CUT_OFF = "cut_off"
    LOST = "lost"
    UNCOVERED = "uncovered"
    PENDING = "pending"


TEXTS = {
    Kind.CHANGED: "the content is not what was hashed",
    Kind.REWRITTEN: "the hashes do not follow each other: one of these rows was hashed anew",
    Kind.MISSING: "no such rows",
    Kind.UNCHAINED: "a position, but no hash",
    Kind.MISPLACED: "positions begin at 1",
    Kind.CONTRADICTED: "a published head has another hash for the last of these: one of them was changed",
    Kind.CUT_OFF: "published, but the trail ends before",
    Kind.LOST: "published in a life of the database that a restore ended",
    Kind.UNCOVERED: "chained long ago, and no head known here covers them",
    Kind.PENDING: "committed long ago and not chained; these numbers are ids, not positions",
}
"""What each says of a range of positions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows from `first` to `last`, both included."""

    kind: Kind
    first: int
    last: int
    note: str = ""

    def __str__(self) -> str:
        rows = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return "\t".join(filter(None, (str(self.kind), rows, TEXTS[self.kind], self.note)))


class Merged:
    """Joins findings that touch: a million changed rows side by side are one line, and take the memory of one."""

    def __init__(self) -> None:
        self._open: dict[Kind, Finding] = {}
        self.count = 0
        """How many are told or will be."""

    def add(self, found: Finding) -> Iterator[Finding]:
        """Gives what can grow no more."""
        known = self._open.get(found.kind)
        if known is not None and found.first <= known.last + 1 and found.note == known.note:
            first, last = min(known.first, found.first), max(known.last, found.last)
            self._open[found.kind] = replace(known, first=first, last=last)
            return
        self._open[found.kind] = found
        self.count += 1
        if known is not None:
            yield known

    def rest(self) -> Iterator[Finding]:
        yield from sorted(self._open.values(), key=lambda found: found.first)
        self._open.clear()
