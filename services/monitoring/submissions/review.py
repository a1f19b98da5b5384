"""Use cases of those who review visits: approve, reject, withdraw."""

from uuid import UUID

from services.monitoring.checks.visit import CheckState
from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import repository
from services.monitoring.submissions.announcing import announce_approval, announce_withdrawal
from services.monitoring.submissions.checking import judge_row, retold
from services.monitoring.submissions.domain import SubmissionState, check_other_eyes, flags_of, move
from services.monitoring.submissions.recording import content_of, save_checked
from services.monitoring.submissions.repository import FACTS, Row
from services.monitoring.submissions.schemas import Refusal
from services.monitoring.submissions.texts import keep_comment, words_of
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, NotFound


class CheckPending(Conflict):
    """No standard of this service has arrived yet, so the visit has not been checked."""

    code = "check_pending"


async def approve(uow: UnitOfWork, shelf: Shelf, identifier: UUID, expected: Precondition) -> Row:
    """Checked once more, so that what is announced rests on what is known now. Raises OwnSubmission (403) for who
    made the visit."""
    await references.hold(uow.sql)
    row = await _locked(uow, identifier, expected)
    own = await repository.made_by(uow.sql, identifier, uow.principal.actor())
    if own:
        check_other_eyes(uow.principal.kind, uow.principal.roles)
    state = move(row["state"], SubmissionState.APPROVED)
    words = await words_of(uow, [row])
    outcome = await judge_row(uow, shelf, row, words)
    if outcome.state is CheckState.PENDING:
        raise CheckPending
    changes = {"state": state, **retold(row, words, outcome)}
    after = await save_checked(uow, row, outcome, cause="approved", changes=changes)
    flags = flags_of(after["applied_on"], after["starts_on"], after["ends_on"])
    uow.audit(
        "submission.approve",
        "submission",
        identifier,
        before={"state": row["state"]},
        after={
            "state": state,
            "verdict": after["check_verdict"],
            **({"flags": flags} if flags else {}),
            **({"own_submission": True} if own else {}),
        },
    )
    await announce_approval(uow, shelf, after)
    return after


async def reject(uow: UnitOfWork, identifier: UUID, refusal: Refusal, expected: Precondition) -> Row:
    """Never counted."""
    _, after = await _end(uow, identifier, SubmissionState.REJECTED, refusal, expected)
    return after


async def withdraw(uow: UnitOfWork, identifier: UUID, refusal: Refusal, expected: Precondition) -> Row:
    """No longer counted; who was told of an approved visit is told of this."""
    before, after = await _end(uow, identifier, SubmissionState.WITHDRAWN, refusal, expected)
    if before["state"] == SubmissionState.APPROVED:
        await announce_withdrawal(uow, after)
    return after


async def _end(
    uow: UnitOfWork, identifier: UUID, wanted: SubmissionState, refusal: Refusal, expected: Precondition
) -> tuple[Row, Row]:
    row = await _locked(uow, identifier, expected)
    state = move(row["state"], wanted)
    now = uow.clock.now()
    comment_id = await keep_comment(uow, identifier, refusal.comment)
    changes = {"state": state, "reason": refusal.reason, "comment_id": comment_id, "recheck_on": None}
    version = await repository.save(uow.sql, row, changes, now)
    content = {**content_of({name: row[name] for name in FACTS}, state), "reason": refusal.reason}
    await repository.keep_version(uow.sql, identifier, version, str(state), content, now)
    uow.audit(
        f"submission.{'reject' if wanted is SubmissionState.REJECTED else 'withdraw'}",
        "submission",
        identifier,
        before={"state": row["state"]},
        after={"state": state, "reason": refusal.reason},
    )
    after = await repository.submission(uow.sql, identifier, row["organisation_id"])
    assert after is not None
    return row, after


async def _locked(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """Visits to another organisation's campaign are not there: 404."""
    row = await repository.lock(uow.sql, identifier, uow.principal.acting())
    if row is None:
        raise NotFound
    expect(row["version"], expected)
    return row
