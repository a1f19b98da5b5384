"""Rows of a template and what may be wrong with them. No I/O."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.http.errors import FieldError

TYPICAL = "typical_standard"
"""The template of a draft that names none: the typical standard of state and municipal services."""


class RowKind(StrEnum):
    """What fills a row: a text of its own, or a part of the standard that is kept as data."""

    SERVICE = "service"
    """Name and register numbers of the catalogue's entry."""
    PROVIDER = "provider"
    TEXT = "text"
    LEGAL_BASIS = "legal_basis"
    TIERS = "tiers"
    """Terms or fees: both are told by the tiers, so two rows may be of this kind."""
    DOCUMENTS = "documents"
    REFUSAL_GROUNDS = "refusal_grounds"
    APPEAL = "appeal"
    REVIEW = "review"


REPEATABLE = frozenset({RowKind.TEXT, RowKind.TIERS})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a passport. `unverified`: nobody has compared it with the act yet."""

    code: str
    number: str
    title: Mapping[str, str]
    kind: RowKind
    required: bool = True
    unverified: bool = False
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a template. `review_months`: within how many months a standard is reviewed, where it is known."""

    id: UUID
    rows: tuple[Row, ...]
    review_months: int | None

    def of_kind(self, kind: RowKind) -> Row | None:
        return next((row for row in self.rows if row.kind is kind), None)

    @property
    def texts(self) -> dict[str, Row]:
        """Rows with a text of their own, by code."""
        return {row.code: row for row in self.rows if row.kind is RowKind.TEXT}


def row_of(plain: Mapping[str, Any]) -> Row:
    """A row as it is kept in JSON."""
    return Row(**{**plain, "kind": RowKind(plain["kind"])})


def row_problems(rows: Sequence[Row]) -> Iterator[FieldError]:
    """Codes and numbers are used once, and so is each part of a standard; pointers lead into a template's request."""
    codes = Counter(row.code for row in rows)
    numbers = Counter(row.number for row in rows)
    kinds = Counter(row.kind for row in rows)
    for index, row in enumerate(rows):
        at = f"/rows/{index}"
        if codes[row.code] > 1:
            yield FieldError(
                f"{at}/code", f"The code {row.code} is used twice.", "code_repeated", {"code": row.code}
            )
        if numbers[row.number] > 1:
            yield FieldError(
                f"{at}/number",
                f"The number {row.number} is used twice.",
                "number_repeated",
                {"number": row.number},
            )
        if kinds[row.kind] > 1 and row.kind not in REPEATABLE:
            yield FieldError(
                f"{at}/kind",
                f"Only one row may be of the kind {row.kind}.",
                "kind_repeated",
                {"kind": row.kind.value},
            )
