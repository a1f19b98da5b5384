"""What the load does and what it was told: a known history of writes, each acknowledged or of unknown outcome."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.stage import OSH
from tests.end_to_end.writers import SECOND

DEAR, RIGHT = "250.00", "100.00"
"""Fees paid: above the standard's, and the standard's own."""
AMENDMENTS = 2
WRITES_PER_VISIT = 2 + AMENDMENTS


@dataclass
class Visit:
    """One visit through its life: submitted, approved, amended. Nothing is forgotten of what was acknowledged."""

    number: int
    campaign: str
    service: str
    id: str | None = None
    version: int = 0
    """The version last acknowledged."""
    fee: str = ""
    """What the last acknowledged write said was paid."""
    acknowledged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first_fee = DEAR if self.number % 3 == 0 else RIGHT

    @property
    def municipality(self) -> str:
        return OSH if self.number % 4 else SECOND

    @property
    def approved(self) -> bool:
        return "approve" in self.acknowledged

    @property
    def breached(self) -> bool:
        return self.fee == DEAR

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
        self.acknowledged.append(write)
        self.version, self.fee = version, fee


def paid(amount: str) -> list[dict[str, str]]:
    return [{"amount": amount, "currency": "KGS"}]
