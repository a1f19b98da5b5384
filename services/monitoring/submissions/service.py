"""Use cases of those who make visits: submit and amend."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.monitoring.campaigns.schemas import MunicipalityView, ReferenceView
from services.monitoring.checks.visit import Outcome
from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import repository
from services.monitoring.submissions.announcing import announce_revision
from services.monitoring.submissions.checking import (
    Facts,
    check_values,
    inputs_of,
    judge,
    judge_row,
    record,
    retold,
)
from services.monitoring.submissions.domain import (
    SubmissionState,
    Times,
    WrongSubmissionState,
    check_amendable,
    check_other_eyes,
    check_times,
    flags_of,
)
from services.monitoring.submissions.recording import content_of, save_checked
from services.monitoring.submissions.repository import FACTS, Row
from services.monitoring.submissions.schemas import (
    CheckView,
    SubmissionView,
    VisitAmendment,
    VisitDraft,
    VisitFacts,
)
from services.monitoring.submissions.texts import (
    entered_for,
    keep_asked,
    keep_next_asked,
    keep_note,
    note_of,
    voice_of_draft,
    words_of,
)
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from shared.ids import uuid7

REVIEW = "monitoring:submissions:review"
ATTEMPTS = 5
WORDS = frozenset({"note_id", "documents_asked", "words_id"})
"""Facts in the monitor's own words, which may name a person: audit tells that they changed, versions what to."""


class CampaignNotOpen(Conflict):
    """The campaign takes no visits."""

    code = "campaign_not_open"


async def submit(uow: UnitOfWork, shelf: Shelf, draft: VisitDraft) -> tuple[SubmissionView, SubmissionView]:
    """Store and check a visit, in two statements beside the transaction's own three; one more where documents are
    named in words.

    What is shown of it, and the same without what people said in words, which is what may be kept."""
    principal, now = uow.principal, uow.clock.now()
    organisation, monitor = principal.acting(), principal.actor()
    facts = facts_of(draft)
    _check_times(facts, uow)
    identifier, check_id = uuid7(), uuid7()
    voice = await voice_of_draft(uow, draft, identifier)
    said = note_of(uow, voice, identifier, draft.note)
    facts["note_id"] = said[0]
    for _ in range(ATTEMPTS):
        row = await repository.intake(uow.sql, draft.campaign_id, draft.municipality_code, draft.service_id)
        row = _admitted(row, organisation)
        place = row["place"]
        outcome = await judge(uow, shelf, row["stamp"], draft.service_id, facts, place)
        found = record(outcome)
        if facts["words_id"] is None:
            facts["words_id"] = await keep_asked(uow, voice, identifier, facts["documents_asked"], outcome)
        stored = {**facts, "documents_asked": outcome.asked}
        added = await repository.add(
            uow.sql,
            (
                identifier,
                draft.campaign_id,
                organisation,
                draft.municipality_code,
                draft.service_id,
                *(stored[name] for name in FACTS),
                check_id,
                outcome.recheck_on,
                now,
                row["stamp"],
                *check_values(found, outcome.standard),
                inputs_of(stored, place),
                content_of(stored, SubmissionState.RECEIVED),
                monitor,
                voice.consent_id,
                *said,
            ),
        )
        if added:
            break
    else:
        raise Unavailable(headers={"Retry-After": "1"})
    uow.audit(
        "submission.submit",
        "submission",
        identifier,
        after={"campaign_id": draft.campaign_id, "service_id": draft.service_id},
        on_behalf_of=draft.on_behalf_of.person_id if draft.on_behalf_of else None,
    )
    shown = {
        **facts,
        "campaign_id": draft.campaign_id,
        "municipality_code": draft.municipality_code,
        "service_id": draft.service_id,
    }
    visit = SubmissionView(
        id=identifier,
        state=SubmissionState.RECEIVED,
        **shown,
        **beside({**dict(row), **shown}),
        note=draft.note,
        check=CheckView(id=check_id, cause="submitted", checked_at=now, **found),
        version=1,
        created_at=now,
        updated_at=now,
    )
    return visit, visit.model_copy(update={"note": None, "documents_asked": outcome.asked})


def beside(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a visit is shown with: whom and what it speaks of, and what to look at."""
    return {
        "campaign": ReferenceView(
            id=row["campaign_id"], code=row["campaign_code"], name=row["campaign_name"]
        ),
        "municipality": MunicipalityView(
            code=row["municipality_code"], id=row["territory_id"], name=row["territory_name"] or {}
        ),
        "service": ReferenceView(
            id=row["service_id"], code=row["service_code"], name=row["service_name"] or {}
        ),
        "flags": flags_of(row["applied_on"], row["starts_on"], row["ends_on"]),
    }


def _admitted(row: Row | None, organisation: UUID) -> Row:
    if row is None or (row["state"] == "draft" and row["owner_id"] != organisation):
        raise Invalid.at("/campaign_id", "There is no such campaign.", "unknown_campaign")
    if row["owner_id"] != organisation:
        raise Forbidden(code="not_owner")
    if row["state"] != "open":
        raise CampaignNotOpen(state=row["state"])
    if not row["has_municipality"]:
        raise Invalid.at("/municipality_code", "The campaign does not cover it.", "not_in_campaign")
    if not row["has_service"]:
        raise Invalid.at("/service_id", "The campaign does not cover it.", "not_in_campaign")
    return row


async def amend(
    uow: UnitOfWork, shelf: Shelf, identifier: UUID, change: VisitAmendment, expected: Precondition
) -> Row:
    """Correct what was seen. A monitor its own while it is received, a coordinator any that still counts."""
    await references.hold(uow.sql)
    row = await repository.lock(uow.sql, identifier, uow.principal.acting())
    if row is None:
        raise NotFound
    await _check_may_amend(uow, row)
    expect(row["version"], expected)
    check_amendable(row["state"])
    if not change.model_fields_set:
        return row
    changed = {name: value for name, value in facts_of(change).items() if name in change.model_fields_set}
    _check_times({**dict(row), **changed}, uow)
    words = await words_of(uow, [row])
    outcome = await judge_row(uow, shelf, row, words, changed)
    reworded = sorted(change.model_fields_set & {"note", "documents_asked"})
    changed |= await _kept_words(uow, row, change, outcome) if reworded else {}
    changes = {**retold(row, words, outcome), **changed}
    after = await save_checked(uow, row, outcome, cause="amended", changes=changes)
    before_and_after = {name: (row[name], after[name]) for name in changed if name not in WORDS}
    uow.audit(
        "submission.amend",
        "submission",
        identifier,
        before={name: values[0] for name, values in before_and_after.items()},
        after={
            **{name: values[1] for name, values in before_and_after.items()},
            **({"reworded": reworded} if reworded else {}),
        },
        on_behalf_of=await entered_for(uow, row),
    )
    await announce_revision(uow, shelf, row, after)
    return after


async def _kept_words(
    uow: UnitOfWork, row: Row, change: VisitAmendment, outcome: Outcome
) -> dict[str, UUID | list[str] | None]:
    """The columns that stand for the words of an amendment, which are kept with the personal data."""
    changed: dict[str, UUID | list[str] | None] = {}
    if "note" in change.model_fields_set:
        changed["note_id"] = await keep_note(uow, row, change.note)
    if "documents_asked" in change.model_fields_set:
        changed["documents_asked"] = outcome.asked
        changed["words_id"] = await keep_next_asked(uow, row, change.documents_asked, outcome)
    return changed


async def _check_may_amend(uow: UnitOfWork, row: Row) -> None:
    """An approved visit counts at once as it is amended, so that needs other eyes as the approval did."""
    principal = uow.principal
    own = await repository.made_by(uow.sql, row["id"], principal.actor())
    if principal.may(REVIEW):
        if own and row["state"] == SubmissionState.APPROVED:
            check_other_eyes(principal.kind, principal.roles)
        return
    if not own:
        raise Forbidden(code="not_your_visit")
    if row["state"] != SubmissionState.RECEIVED:
        raise WrongSubmissionState(state=row["state"])


def facts_of(given: VisitFacts) -> dict[str, Any]:
    """By column, as the database takes it."""
    facts: dict[str, Any] = {name: getattr(given, name, None) for name in FACTS}
    if given.fees_paid is not None:
        facts["fees_paid"] = [payment.model_dump(mode="json") for payment in given.fees_paid]
    return facts


def _check_times(facts: Facts, uow: UnitOfWork) -> None:
    check_times(Times(**{name: facts[name] for name in Times.__slots__}), local_date(uow.clock.now()))
