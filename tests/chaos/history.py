"""What the load does and what it was told: a known history of writes, each acknowledged or of unknown outcome."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.contracts.monitoring import (
    FINDING_CHANGED,
    FINDING_OPENED,
    SUBMISSION_APPROVED,
    SUBMISSION_REVISED,
)
from tests.end_to_end.stage import OSH
from tests.end_to_end.writers import SECOND

DEAR, RIGHT = "250.00", "100.00"
"""Fees paid: above the standard's, and the standard's own."""
AMENDMENTS = 2
WRITES_PER_VISIT = 2 + AMENDMENTS


class Write(NamedTuple):
    """A write that was acknowledged."""

    name: str
    """`submit`, `approve` or `amend`."""
    version: int
    """Of the submission, as the acknowledgement says."""
    fee: str
    """What was paid, as it says."""


class Told(NamedTuple):
    """An event that a write has to have."""

    type: str
    version: int
    """`aggregate_version`."""


@dataclass
class Visit:
    """One visit through its life: submitted, approved, amended. Nothing is forgotten of what was acknowledged."""

    number: int
    campaign: str
    service: str
    id: str | None = None
    acknowledged: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first_fee = DEAR if self.number % 3 == 0 else RIGHT

    @property
    def version(self) -> int:
        return self.acknowledged[-1].version if self.acknowledged else 0

    @property
    def fee(self) -> str:
        return self.acknowledged[-1].fee if self.acknowledged else ""

    @property
    def municipality(self) -> str:
        return OSH if self.number % 4 else SECOND

    @property
    def counted(self) -> list[Write]:
        """From its approval on: what others are told of."""
        names = [write.name for write in self.acknowledged]
        return self.acknowledged[names.index("approve") :] if "approve" in names else []

    @property
    def approved(self) -> bool:
        return bool(self.counted)

    @property
    def breached(self) -> bool:
        return self.fee == DEAR

    def events(self) -> list[Told]:
        """Of the submission: each write that counts has its own."""
        return [
            Told(
                SUBMISSION_APPROVED.name if write.name == "approve" else SUBMISSION_REVISED.name,
                write.version,
            )
            for write in self.counted
        ]

    def finding_events(self) -> list[Told]:
        """Of its finding, which the first breach opens and each write after that changes: withdrawn, open again."""
        found: list[Told] = []
        for write in self.counted:
            if found:
                found.append(Told(FINDING_CHANGED.name, len(found) + 1))
            elif write.fee == DEAR:
                found.append(Told(FINDING_OPENED.name, 1))
        return found

    def content(self) -> bytes:
        """The submission: the same bytes each time, or its key would stand for another request."""
        day = f"2026-09-{1 + self.number % 20:02d}"
        body: dict[str, Any] = {
            "campaign_id": self.campaign,
            "service_id": self.service,
            "municipality_code": self.municipality,
            "tier": "ordinary",
            "applied_on": day,
            "delivered_on": day,
            "fees_paid": paid(self.first_fee),
            "documents_asked": ["identity"],
            "note": f"visit {self.number}",
        }
        return json.dumps(body).encode()

    def fees(self) -> Iterator[str]:
        """What each amendment says was paid: the other of the two, in turn."""
        fee = self.first_fee
        for _ in range(AMENDMENTS):
            fee = RIGHT if fee == DEAR else DEAR
            yield fee

    def tell(self, write: str, version: int, fee: str) -> None:
        """The platform acknowledged a write."""
        self.acknowledged.append(Write(write, version, fee))


def paid(amount: str) -> list[dict[str, str]]:
    return [{"amount": amount, "currency": "KGS"}]
