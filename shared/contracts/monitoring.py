"""Events of public monitoring: campaigns, checked visits, findings. Never a person, never an hour."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.audit import audit_head
from shared.contracts.erasure import erasure_completed
from shared.contracts.registry import ServiceLevel
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.values import Origin, Place, Reference


class Verdict(StrEnum):
    MET = "met"
    BREACHED = "breached"
    UNDETERMINED = "undetermined"


class Criterion(StrEnum):
    TERM = "term"
    FEE = "fee"
    DOCUMENTS = "documents"


class Check(BaseModel):
    """One criterion of a visit against the standard in force on the day of application."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    criterion: Criterion
    verdict: Verdict
    reason: str
    """A stable code, for example `delivered_in_time`, `late`, `no_tier_named`, `calendar_provisional`."""
    facts: dict[str, Any] = {}
    """What was compared: `{"due": "2026-03-24", "delivered": "2026-03-23"}`."""


class StandardUsed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: UUID
    version: int
    version_id: UUID
    tier: str | None = None


class CampaignState(EventPayload):
    code: str
    name: dict[str, str]
    owner: Reference
    starts_on: date
    ends_on: date
    municipalities: tuple[Place, ...]
    services: tuple[Reference, ...]
    state: str
    origin: Origin


class CheckedVisit(EventPayload):
    """A visit as it stands after review and check."""

    campaign: Reference
    service: Reference
    level: ServiceLevel
    municipality: Place
    """Where the service was asked for; `path` leads down to it."""
    provider: Reference
    """The body that answers for the service there."""
    standard: StandardUsed | None = None
    applied_on: date
    verdict: Verdict
    checks: tuple[Check, ...]
    provisional: bool = False
    """A term ran over days of a year that is not decreed yet."""
    origin: Origin


class SubmissionWithdrawn(EventPayload):
    reason: str


class FindingState(EventPayload):
    """A breach put before the body that answers for it."""

    code: str
    campaign: Reference
    submission_id: UUID
    addressee: Reference
    municipality: Place
    service: Reference
    criterion: Criterion
    reason: str
    severity: int = Field(ge=1, le=3)
    facts: dict[str, Any] = {}
    state: str
    answer_due_on: date | None = None
    escalated_on: date | None = None
    """When those who oversee the addressee were told that the time to answer was over."""
    answer_due_provisional: bool = False
    """The date counts days of a year that is not decreed yet; a decree may give more time, never less."""
    origin: Origin


CAMPAIGN_OPENED = EventType(
    "monitoring.campaign.opened.v1", CampaignState, Audience.PUBLIC, "A campaign takes visits from now on"
)
SUBMISSION_APPROVED = EventType(
    "monitoring.submission.approved.v1",
    CheckedVisit,
    Audience.PUBLIC,
    "A checked visit was approved by a coordinator",
)
SUBMISSION_REVISED = EventType(
    "monitoring.submission.revised.v1",
    CheckedVisit,
    Audience.PUBLIC,
    "An approved visit was corrected, or checked again because a standard or the calendar changed",
)
SUBMISSION_WITHDRAWN = EventType(
    "monitoring.submission.withdrawn.v1",
    SubmissionWithdrawn,
    Audience.PUBLIC,
    "An approved visit no longer counts",
)
FINDING_OPENED = EventType(
    "monitoring.finding.opened.v1",
    FindingState,
    Audience.ORGANISATIONS,
    "A breach was put before its addressee",
)
FINDING_CHANGED = EventType(
    "monitoring.finding.changed.v1",
    FindingState,
    Audience.ORGANISATIONS,
    "A finding was withdrawn, opened again, put before another addressee or given more time",
)
ERASURE_COMPLETED = erasure_completed("monitoring")
FINDING_ESCALATED = EventType(
    "monitoring.finding.escalated.v1",
    FindingState,
    Audience.ORGANISATIONS,
    "The time to answer a finding is over: those who oversee its addressee are told",
)
AUDIT_CHAINED = audit_head("monitoring")
EVENTS = (
    CAMPAIGN_OPENED,
    SUBMISSION_APPROVED,
    SUBMISSION_REVISED,
    SUBMISSION_WITHDRAWN,
    FINDING_OPENED,
    FINDING_CHANGED,
    ERASURE_COMPLETED,
    FINDING_ESCALATED,
    AUDIT_CHAINED,
)
