"""Use cases of reviews."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.catalogue.rights import is_staff
from services.registry.reviews import repository
from services.registry.reviews.domain import Standing, is_open
from services.registry.reviews.schemas import Appointment, RemarkDraft, RoundDraft, VerdictDraft
from services.registry.standards import repository as standards
from shared.auth.origins import check_origin
from shared.auth.principal import Principal
from shared.clock import local_date
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record
REVIEW = "registry:standards:review"


class RoundCodeTaken(Conflict):
    """A round with this code exists."""

    code = "round_code_taken"


class RoundNotOpen(Conflict):
    """The round is not open today."""

    code = "round_not_open"


class AlreadyAppointed(Conflict):
    """This person is a reviewer of the round already."""

    code = "already_appointed"


class AnsweredAlready(Conflict):
    """This remark is answered."""

    code = "remark_answered"


async def open_round(uow: UnitOfWork, draft: RoundDraft) -> Row:
    """Raises Invalid for days in the wrong order and unknown bodies, RoundCodeTaken."""
    check_origin(uow, draft.origin, by_scope=True)
    problems = []
    if draft.closes_on is not None and draft.closes_on <= draft.opens_on:
        problems.append(FieldError("/closes_on", "Must be after opens_on.", "closes_before_it_opens"))
    known = await access.existing(uow.sql, draft.bodies)
    problems += [
        FieldError(f"/bodies/{index}", "There is no such organisation.", "unknown_organisation")
        for index, body in enumerate(draft.bodies)
        if body not in known
    ]
    if problems:
        raise Invalid(errors=problems)
    row = await _add(uow, uuid7(), draft)
    if row is None:
        raise RoundCodeTaken
    return row


async def ensure_round(uow: UnitOfWork, identifier: UUID, draft: RoundDraft) -> None:
    """Open a round under a given id; does nothing when it is there."""
    await _add(uow, identifier, draft)


async def _add(uow: UnitOfWork, identifier: UUID, draft: RoundDraft) -> Row | None:
    values: dict[str, Any] = {**draft.model_dump(), "id": identifier, "created_at": uow.clock.now()}
    row = await repository.add_round(uow.sql, values, sorted(set(draft.bodies)))
    if row is not None:
        after = {"bodies": len(draft.bodies), "reviewers_needed": draft.reviewers_needed}
        uow.audit("review.open", "review_round", identifier, after=after)
    return row


async def appoint(uow: UnitOfWork, round_id: UUID, appointment: Appointment) -> None:
    """Raises Invalid where the membership is no reviewer's today."""
    if await repository.lock(uow.sql, round_id) is None:
        raise NotFound
    now = uow.clock.now()
    found = await repository.reviewing(uow.sql, appointment.membership_id, local_date(now))
    if found is None:
        raise Invalid.at("/membership_id", "This is no membership of a reviewer.", "no_reviewer")
    number = await repository.appoint(uow.sql, round_id, found["person_id"], found["organisation_id"], now)
    if number is None:
        raise AlreadyAppointed
    uow.audit("review.appoint", "review_round", round_id, after={"number": number})


async def remark(uow: UnitOfWork, round_id: UUID, standard_id: UUID, draft: RemarkDraft) -> Row:
    number, head = await _reviewing(uow, round_id, standard_id)
    row = await repository.add_remark(
        uow.sql,
        {
            **draft.model_dump(),
            "id": uuid7(),
            "round_id": round_id,
            "standard_id": standard_id,
            "reviewer": number,
            "draft_version": head["version"],
            "made_at": uow.clock.now(),
        },
    )
    uow.audit("review.remark", "standard", standard_id, after={"reviewer": number, "row": draft.row})
    return row


async def give_verdict(
    uow: UnitOfWork, round_id: UUID, standard_id: UUID, draft: VerdictDraft, expected: Precondition
) -> None:
    """On the draft as it was read; a later verdict of the same reviewer takes its place."""
    number, head = await _reviewing(uow, round_id, standard_id)
    expect(head["version"], expected)
    await repository.put_verdict(
        uow.sql,
        {
            "round_id": round_id,
            "standard_id": standard_id,
            "reviewer": number,
            "opinion": draft.opinion,
            "draft_version": head["version"],
            "given_at": uow.clock.now(),
        },
    )
    after = {"reviewer": number, "opinion": draft.opinion, "version": head["version"]}
    uow.audit("review.verdict", "standard", standard_id, after=after)


async def answer(uow: UnitOfWork, round_id: UUID, remark_id: UUID, text: dict[str, str]) -> Row:
    """By the body whose draft it is; to others the remark is not there."""
    row = await repository.lock_remark(uow.sql, round_id, remark_id)
    if row is None or row["body_id"] != uow.principal.acting():
        raise NotFound
    if row["answered_at"] is not None:
        raise AnsweredAlready
    answered = await repository.answer(uow.sql, remark_id, text, uow.clock.now())
    uow.audit("review.answer", "standard", row["standard_id"], after={"remark": str(remark_id)})
    return answered


async def readable(sql: Connection, caller: Principal, round_id: UUID, standard_id: UUID) -> tuple[Row, Row]:
    """The standard and its draft, for people of its body and reviewers of the round. Raises NotFound for others."""
    head = await standards.standard(sql, standard_id)
    if head is None or not await repository.covers(sql, round_id, head["body_id"]):
        raise NotFound
    if not is_staff(caller, head["body_id"]) and not await is_reviewer(sql, caller, round_id):
        raise NotFound
    draft = await standards.draft(sql, standard_id)
    if draft is None:
        raise NotFound
    return head, draft


async def is_reviewer(sql: Connection, caller: Principal, round_id: UUID) -> bool:
    if not caller.may(REVIEW):
        return False
    return await repository.number_of(sql, round_id, caller.actor()) is not None


async def standings(sql: Connection, standard_ids: Sequence[UUID]) -> dict[UUID, list[Standing]]:
    """How drafts stand in the rounds of their bodies."""
    found: dict[UUID, list[Standing]] = {identifier: [] for identifier in standard_ids}
    for row in await repository.standings(sql, standard_ids):
        counts = (row[name] for name in ("needed", "approving", "rejecting", "unanswered"))
        found[row["standard_id"]].append(Standing(*counts))
    return found


async def _reviewing(uow: UnitOfWork, round_id: UUID, standard_id: UUID) -> tuple[int, Row]:
    """The caller's number in an open round, and the standard, locked, whose draft it covers."""
    number = await repository.number_of(uow.sql, round_id, uow.principal.actor())
    if number is None:
        raise NotFound
    head = await standards.lock_standard(uow.sql, standard_id)
    if head is None or not await repository.covers(uow.sql, round_id, head["body_id"]):
        raise NotFound
    if await standards.draft(uow.sql, standard_id) is None:
        raise NotFound
    row = await repository.one(uow.sql, round_id)
    assert row is not None
    if not is_open(row["opens_on"], row["closes_on"], local_date(uow.clock.now())):
        raise RoundNotOpen
    return number, head
