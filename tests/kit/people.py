"""An erasure as the registry tells of it."""

from uuid import UUID, uuid4

from shared.contracts.erasure import PersonErased
from shared.contracts.registry import PERSON_ERASED
from shared.messaging.broker import Record
from tests.kit.events import record


def erased(person: UUID, erasure: UUID | None = None) -> Record:
    payload = PersonErased(
        id=person, aggregate_version=1, erasure_id=erasure or uuid4(), requested_at="2026-06-15T06:00:00Z"
    )
    return record(PERSON_ERASED, payload)
