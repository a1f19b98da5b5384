"""What an organisation that oversees others reaches. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

OVERSEE = "monitoring:findings:oversee"

WATCHES_ITS_PARENT = ("council", "committee", "local_council", "territorial_council", "public_council")
"""Kinds that belong to the body they watch: a kenesh to its municipality, a public council to its ministry."""
TERRITORIAL = (
    *("municipality", "territorial_unit", "council", "committee", "local_council", "territorial_council"),
    *("public_council", "local_administration", "agency"),
)
"""Kinds whose territory is what they answer for. For others it is where their house stands."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose findings may be read: one's own, those put before `bodies`, those from within `territory`.

    Made by `oversight.service.reach_of` alone, of a principal."""

    organisation: UUID
    bodies: tuple[UUID, ...] = ()
    territory: str | None = None


def oversees(overseeing: Sequence[Mapping[str, Any]], on: date) -> bool:
    """Whether somebody is appointed on this day; `overseeing` as the registry told it."""
    day = on.isoformat()
    return any(span["valid_from"] <= day < span.get("valid_to", "9999") for span in overseeing)
