"""What differs between two versions of a standard, row by row. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.registry.standards.content import StandardContent


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """`row` is a code as texts have it: `tiers/ordinary`, `documents/passport`, `appeal`, or that of a template's row."""

    row: str
    change: Change
    before: Any
    after: Any


def differences(before: StandardContent, after: StandardContent) -> list[Difference]:
    """In the order of the later version; what is gone comes after what is there. Entries that only change places do not
    differ."""
    old, new = _parts(before), _parts(after)
    return [
        *_changed(old, new),
        *(Difference(row, Change.REMOVED, old[row], None) for row in old if row not in new),
    ]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for row, value in new.items():
        if row not in old:
            yield Difference(row, Change.ADDED, None, value)
        elif old[row] != value:
            yield Difference(row, Change.CHANGED, old[row], value)


def _parts(content: StandardContent) -> dict[str, Any]:
    """Each row with what it says, as JSON; a row that says nothing is not there."""
    plain = content.model_dump(mode="json", exclude_none=True)
    found: dict[str, Any] = {
        f"{part}/{entry['code']}": entry
        for part in ("tiers", "documents", "refusal_grounds")
        for entry in plain[part]
    }
    found |= plain["rows"]
    whole = ("applies_to", "appeal", "legal_basis", "review_on", "template_id")
    return found | {part: plain[part] for part in whole if plain.get(part)}
