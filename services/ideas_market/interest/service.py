"""Use cases of reservations. The idea is locked before its reservation, so that no two of them deadlock."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.ideas_market.contacts.repository import disclose
from services.ideas_market.ideas import repository as ideas
from services.ideas_market.ideas.domain import State
from services.ideas_market.ideas.service import move
from services.ideas_market.interest import repository
from services.ideas_market.interest.domain import (
    IdeaNotOpen,
    NotTheDonor,
    ReservationState,
    check_active,
    check_donor,
    check_pledge,
)
from services.ideas_market.interest.schemas import ReservationDraft
from services.ideas_market.people.kinds import MESSAGE
from shared.contracts import ideas_market as contracts
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import NotFound
from shared.ids import uuid7
from shared.jobs.store import enqueue
from shared.messaging.contract import EventType
from shared.people.store import PersonalData
from shared.values import Money, Reference

Row = repository.Row

EXPIRE = "reservation.expire"
"""Kind of the job that ends a reservation whose time is over."""
EXPIRE_ATTEMPTS = 1_000
"""A week of trying: an idea whose timer gave up would stay reserved for good."""


async def reserve(uow: UnitOfWork, idea_id: UUID, draft: ReservationDraft, period: timedelta) -> Row:
    """Hold an idea for the acting organisation. Of two donors at the same moment one gets IdeaNotOpen."""
    donor = uow.principal.acting()
    idea = await ideas.lock(uow.sql, idea_id)
    if idea is None or (idea["published_at"] is None and idea["organisation_id"] != donor):
        raise NotFound
    check_donor(donor, idea["organisation_id"])
    if idea["state"] != State.PUBLISHED:
        raise IdeaNotOpen(state=idea["state"])
    check_pledge(draft.pledge, Money.model_validate(idea["totals"]["requested"]))
    identifier, now = uuid7(), uow.clock.now()
    values = (
        identifier,
        idea_id,
        idea["organisation_id"],
        donor,
        draft.pledge.amount,
        draft.pledge.currency,
        await _said(uow, identifier, draft.message, idea["organisation_id"]),
        now,
        now + period,
    )
    if not await repository.add(uow.sql, values):
        raise IdeaNotOpen(state=idea["state"])
    await enqueue(
        uow.sql,
        EXPIRE,
        {"reservation_id": str(identifier)},
        run_at=now + period,
        unique_key=str(identifier),
        traceparent=uow.trace.traceparent,
        max_attempts=EXPIRE_ATTEMPTS,
    )
    row = await repository.lock(uow.sql, identifier)
    _tell(uow, contracts.RESERVATION_MADE, row)
    uow.audit("reservation.make", "reservation", identifier, after=_audited(row))
    await move(uow, idea, State.RESERVED, "idea.reserve")
    await disclose(uow.sql, idea_id)
    return row


async def _said(uow: UnitOfWork, reservation: UUID, message: str | None, addressee: UUID) -> UUID | None:
    """The message as personal data of who wrote it, for the two parties."""
    if message is None:
        return None
    people = PersonalData(uow.sql, uow.principal, uow.keyring)
    return await people.keep(
        people.seal(
            MESSAGE,
            message,
            person=uow.principal.actor(),
            object_id=reservation,
            now=uow.clock.now(),
            shared_with=addressee,
        )
    )


async def withdraw(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """The donor lets the idea go: it is on the market again."""
    return await _decide(uow, identifier, expected, ReservationState.WITHDRAWN, State.PUBLISHED)


async def fulfil(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """The donor funds the idea."""
    return await _decide(uow, identifier, expected, ReservationState.FULFILLED, State.FUNDED)


async def expire(uow: UnitOfWork, identifier: UUID) -> bool:
    """End a reservation whose time is over; False where there is nothing to end any more."""
    idea_id = await repository.idea_of(uow.sql, identifier)
    if idea_id is None:
        return False
    idea = await ideas.lock(uow.sql, idea_id)
    current = await repository.lock_overdue(uow.sql, identifier)
    if idea is None or current is None:
        return False
    await _end(uow, current, ReservationState.EXPIRED)
    await move(uow, idea, State.PUBLISHED, "idea.reservation_expired")
    return True


async def _decide(
    uow: UnitOfWork, identifier: UUID, expected: Precondition, outcome: ReservationState, wanted: State
) -> Row:
    donor = uow.principal.acting()
    idea_id = await repository.idea_of(uow.sql, identifier, donor)
    if idea_id is None:
        raise NotFound
    idea = await ideas.lock(uow.sql, idea_id)
    current = await repository.lock(uow.sql, identifier)
    if current["donor_id"] != donor:
        raise NotTheDonor
    expect(current["version"], expected)
    check_active(current["state"])
    row = await _end(uow, current, outcome)
    assert idea is not None
    await move(uow, idea, wanted, f"idea.reservation_{outcome}")
    return row


async def _end(uow: UnitOfWork, current: Row, outcome: ReservationState) -> Row:
    await repository.end(uow.sql, current["id"], outcome, uow.clock.now())
    await disclose(uow.sql, current["idea_id"])
    row = await repository.lock(uow.sql, current["id"])
    _tell(uow, contracts.RESERVATION_ENDED, row)
    uow.audit(
        f"reservation.{outcome}", "reservation", current["id"], before=_audited(current), after=_audited(row)
    )
    return row


def _tell(uow: UnitOfWork, event: EventType[contracts.ReservationState], row: Row) -> None:
    payload = contracts.ReservationState(
        id=row["id"],
        aggregate_version=row["version"],
        idea=Reference.model_validate(row["idea"]),
        organisation=Reference.model_validate(row["organisation"]),
        donor=Reference.model_validate(row["donor"]),
        pledge=Money.model_validate(row["pledge"]),
        state=row["state"],
        expires_at=row["expires_at"],
    )
    uow.emit(event, payload, recipients=[row["organisation_id"], row["donor_id"]])


def _audited(row: Row) -> dict[str, Any]:
    return {"idea": str(row["idea_id"]), "pledge": row["pledge"], "state": row["state"]}
