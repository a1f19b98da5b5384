"""Use cases of what a body is charged with and called by."""

from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.bodies import change_repository
from services.registry.bodies.domain import well_formed
from services.registry.bodies.rights import own_body
from services.registry.bodies.schemas import IdentifierDraft, MandateDraft, MandateEnd
from services.registry.bodies.views import body_event
from services.registry.legal import service as legal
from services.registry.standards.checks import adoption_problems
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.contracts.registry import BODY_CHANGED
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record


class IdentifierTaken(Conflict):
    """Another body has this identifier."""

    code = "identifier_taken"


async def add_mandate(uow: UnitOfWork, code: str, draft: MandateDraft) -> Row:
    """The organisation's row in its new version; the mandate may be of a former day or of one to come."""
    check_origin(uow, draft.origin, by_scope=True)
    body = await own_body(uow, code)
    today = local_date(uow.clock.now())
    problems = [
        *legal.problems_of(draft.act, today, "/act"),
        *adoption_problems(
            await legal.in_force_since(uow, draft.act),
            draft.valid_from,
            draft.valid_to,
            today,
            retroactive=draft.act.retroactive_basis is not None,
        ),
    ]
    if problems:
        raise Invalid(errors=problems)
    act = await legal.cite_act(uow, draft.act, draft.origin)
    known = draft.model_dump(exclude={"act"})
    mandate = {**known, "id": uuid7(), "body_id": body["id"], "act_id": act["id"]}
    await change_repository.add_mandate(uow.sql, mandate)
    return await _changed(uow, body["id"], "body.add_mandate", {"mandate": str(mandate["id"])})


async def end_mandate(uow: UnitOfWork, code: str, identifier: UUID, end: MandateEnd) -> Row:
    """Raises NotFound, or Invalid where it would end before it began or later than it does."""
    body = await own_body(uow, code)
    mandate = await change_repository.mandate(uow.sql, body["id"], identifier)
    if mandate is None:
        raise NotFound
    if end.valid_to <= mandate["valid_from"]:
        raise Invalid.at("/valid_to", "Must be after valid_from.", "not_after_valid_from")
    if mandate["valid_to"] is not None and end.valid_to > mandate["valid_to"]:
        raise Invalid.at("/valid_to", "It ends earlier already.", "ends_earlier")
    await change_repository.end_mandate(uow.sql, identifier, end.valid_to)
    return await _changed(uow, body["id"], "body.end_mandate", {"mandate": str(identifier)})


async def record_identifier(uow: UnitOfWork, code: str, draft: IdentifierDraft) -> Row:
    """The value of its scheme from now on; the one before ends. Raises IdentifierTaken (409)."""
    check_origin(uow, draft.origin, by_scope=True)
    body = await own_body(uow, code)
    if not well_formed(draft.scheme, draft.value):
        raise Invalid.at(
            "/value",
            f"This is no {draft.scheme} of an organisation.",
            "malformed_identifier",
            scheme=draft.scheme.value,
        )
    today = local_date(uow.clock.now())
    since = draft.valid_from
    if since is not None and since > today:
        raise Invalid.at("/valid_from", "This day has not come yet.", "not_come_yet")
    present = await change_repository.present_identifier(uow.sql, body["id"], draft.scheme)
    if present is not None:
        if present["value"] == draft.value:
            raise Invalid.at("/value", "It is the present one.", "changes_nothing")
        end = since or today
        if present["valid_from"] is not None and end <= present["valid_from"]:
            raise Invalid.at("/valid_from", "Must be after valid_from.", "not_after_valid_from")
        since = end
        await change_repository.end_identifier(uow.sql, present["id"], end)
    row = {**draft.model_dump(), "id": uuid7(), "body_id": body["id"], "valid_from": since}
    if not await change_repository.add_identifier(uow.sql, row):
        raise IdentifierTaken
    return await _changed(uow, body["id"], "body.record_identifier", {"scheme": draft.scheme.value})


async def _changed(uow: UnitOfWork, body_id: UUID, action: str, after: dict[str, str]) -> Row:
    row = await access.count_change(uow.sql, body_id)
    uow.emit(BODY_CHANGED, await body_event(uow.sql, row))
    uow.audit(action, "organisation", body_id, after=after)
    return row
