"""Rules of register entries: no I/O."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, get_args


class ServiceStatus(StrEnum):
    PROPOSED = "proposed"
    """Not public yet: its body prepares it."""
    COLLECTED = "collected"
    """Somebody found the service; its place in the register is not known."""
    INCLUDED = "included"
    MERGED = "merged"
    SPLIT = "split"
    EXCLUDED = "excluded"


OPEN_STATUSES = frozenset({ServiceStatus.PROPOSED, ServiceStatus.COLLECTED, ServiceStatus.INCLUDED})
"""Entries that may get a standard."""

TRANSITIONS: dict[ServiceStatus, frozenset[ServiceStatus]] = {
    ServiceStatus.PROPOSED: frozenset({ServiceStatus.INCLUDED}),
    ServiceStatus.COLLECTED: frozenset(
        {ServiceStatus.INCLUDED, ServiceStatus.MERGED, ServiceStatus.SPLIT, ServiceStatus.EXCLUDED}
    ),
    ServiceStatus.INCLUDED: frozenset({ServiceStatus.MERGED, ServiceStatus.SPLIT, ServiceStatus.EXCLUDED}),
    ServiceStatus.MERGED: frozenset(),
    ServiceStatus.SPLIT: frozenset(),
    ServiceStatus.EXCLUDED: frozenset(),
}


class Regime(StrEnum):
    """Under which rules the service is given, where that is known."""

    LAW_139 = "law_139"
    PRICE_LIST = "price_list"
    ENTERPRISE = "enterprise"
    SOCIAL_ORDER = "social_order"


class TextState(StrEnum):
    """How a text came into its language."""

    STATED = "stated"
    """By the responsible body itself."""
    VERBATIM = "verbatim"
    """As the source has it."""
    WORKING = "working"
    """A working translation of whoever collected it."""
    MACHINE = "machine"
    """A machine-like translation the source has."""


class GapReason(StrEnum):
    """Why something collected is no entry."""

    NAME_CUT = "name_cut"
    NAME_PARAPHRASED = "name_paraphrased"
    COUNT_ONLY = "count_only"


FACT_ROWS = ("term", "fee", "channel", "documents", "legal_basis")
"""Rows of a standard somebody may have collected as text."""

UNCOLLECTED_ROWS = ("refusal_grounds", "appeal")
"""Rows nobody collected for any service."""

REGISTER_NUMBER = "register_number"
RowName = Literal[
    "term",
    "fee",
    "channel",
    "documents",
    "legal_basis",
    "refusal_grounds",
    "appeal",
    "register_number",
    "valid_from",
]
ROWS: tuple[RowName, ...] = get_args(RowName)


def missing_rows(
    facts: Mapping[str, object], register_numbers: Sequence[object], standard: Sequence[str] | None
) -> tuple[str, ...]:
    """What nobody knows of a service. A standard says itself what it lacks (`standard`, None without one)."""
    if standard is not None:
        rows = list(standard)
    else:
        rows = [row for row in FACT_ROWS if not facts.get(row)] + list(UNCOLLECTED_ROWS)
    if not register_numbers:
        rows.append(REGISTER_NUMBER)
    return tuple(rows)


def may_become(current: ServiceStatus, wanted: ServiceStatus) -> bool:
    return wanted is current or wanted in TRANSITIONS[current]
