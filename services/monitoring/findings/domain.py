"""When a breach becomes a finding, and when a finding ends. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.contracts.monitoring import Check, CheckedVisit, Criterion, Verdict


class FindingState(StrEnum):
    OPEN = "open"
    WITHDRAWN = "withdrawn"


SEVERITY: Mapping[str, int] = {
    "higher_fee": 3,
    "not_delivered": 3,
    "late": 2,
    "unlisted_document": 2,
    "obtainable_by_body": 1,
}
"""Ashar's own grading, 1 to 3: money taken and nothing delivered weigh most."""
DEFAULT_SEVERITY = 2


def severity_of(reason: str) -> int:
    return SEVERITY.get(reason, DEFAULT_SEVERITY)


@dataclass(frozen=True, slots=True)
class Held:
    """A finding as it stands."""

    id: UUID
    criterion: str
    state: str
    reason: str
    facts: Mapping[str, Any]
    addressee_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to happen so that the findings of a visit say what its checks say."""

    opened: tuple[Check, ...]
    changed: tuple[tuple[Held, Check], ...]
    withdrawn: tuple[Held, ...]


def plan(visit: CheckedVisit, held: Iterable[Held]) -> Plan:
    """One finding per breached criterion; carried out twice, the second time there is nothing to do."""
    known = {Criterion(finding.criterion): finding for finding in held}
    breaches = {check.criterion: check for check in visit.checks if check.verdict is Verdict.BREACHED}
    return Plan(
        opened=tuple(check for criterion, check in breaches.items() if criterion not in known),
        changed=tuple(
            (known[criterion], check)
            for criterion, check in breaches.items()
            if criterion in known and not _same(known[criterion], check, visit.provider.id)
        ),
        withdrawn=tuple(
            finding
            for criterion, finding in known.items()
            if criterion not in breaches and finding.state != FindingState.WITHDRAWN
        ),
    )


def _same(finding: Held, check: Check, addressee: UUID) -> bool:
    return (
        finding.state == FindingState.OPEN
        and finding.reason == check.reason
        and finding.facts == check.facts
        and finding.addressee_id == addressee
    )
