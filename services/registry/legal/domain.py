"""Rules of legal acts: no I/O."""

from collections.abc import Mapping
from enum import StrEnum


class ActKind(StrEnum):
    LAW = "law"
    PRESIDENTIAL_DECREE = "presidential_decree"
    GOVERNMENT_DECREE = "government_decree"
    CABINET_DECREE = "cabinet_decree"
    MINISTRY_ORDER = "ministry_order"
    AGENCY_ORDER = "agency_order"
    LOCAL_COUNCIL_DECREE = "local_council_decree"
    LOCAL_ORDER = "local_order"
    EVENT = "event"
    """No act, but a dated event the register refers to."""


class ActStatus(StrEnum):
    UNKNOWN = "unknown"
    IN_FORCE = "in_force"
    REPEALED = "repealed"


def issuer_key(issuer: Mapping[str, str]) -> str:
    """What tells two issuers apart: many councils adopt a "No. 5" on the same day."""
    for language in ("ru", "ky", *sorted(issuer)):
        if language in issuer:
            return " ".join(issuer[language].casefold().split())
    return ""
