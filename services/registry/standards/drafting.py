"""Use cases of drafts: only the body of the service drafts its standard; to others a draft is not there."""

from typing import Any
from uuid import UUID

import asyncpg

from services.registry.catalogue import repository as catalogue
from services.registry.catalogue.domain import OPEN_STATUSES
from services.registry.catalogue.rights import ForeignBody, own_service
from services.registry.standards import repository
from services.registry.standards.content import StandardContent
from services.registry.standards.context import cited_acts
from services.registry.standards.passport import unknown_rows
from services.registry.standards.schemas import ContentDraft, StandardDraftRequest
from services.registry.templates import repository as templates
from services.registry.templates.domain import TYPICAL, Template
from services.registry.templates.views import template_of
from services.registry.territories import repository as territories
from shared.clock import local_date
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record


class StandardExists(Conflict):
    """The service has a standard; draft its next version there."""

    code = "standard_exists"


class ServiceClosed(Conflict):
    """The service was merged, split or excluded and gets no standard any more."""

    code = "service_closed"


async def draft_standard(uow: UnitOfWork, request: StandardDraftRequest) -> tuple[Row, Row]:
    """A new standard with its first draft: the standard's row and the draft's."""
    service = await catalogue.service(uow.sql, request.service_id)
    try:
        service = own_service(uow.principal, service)
    except NotFound:
        raise Invalid.at("/service_id", "There is no such service.", "unknown_service") from None
    if service["status"] not in OPEN_STATUSES:
        raise ServiceClosed
    content = await _checked(uow, request)
    identifier = uuid7()
    if not await repository.add_standard(
        uow.sql, identifier, service["id"], service["body_id"], service["level"]
    ):
        existing = await repository.standard_of_service(uow.sql, service["id"])
        raise StandardExists(standard_id=str(existing))
    draft = await repository.put_draft(uow.sql, identifier, _kept(content))
    head = await repository.standard(uow.sql, identifier)
    assert head is not None
    uow.audit("standard.draft", "standard", identifier, after={"service": service["code"]})
    return head, draft


async def edit_draft(
    uow: UnitOfWork, identifier: UUID, draft: ContentDraft, expected: Precondition
) -> tuple[Row, Row, int]:
    """Replace the draft, or begin the next one: the standard's row, the draft's, and the new version."""
    head = await own_standard(uow, identifier)
    expect(head["version"], expected)
    row = await repository.put_draft(uow.sql, identifier, _kept(await _checked(uow, draft)))
    version = await repository.count_change(uow.sql, identifier)
    uow.audit("standard.edit_draft", "standard", identifier, after={"tiers": len(draft.tiers)})
    return head, row, version


async def own_standard(uow: UnitOfWork, identifier: UUID) -> Row:
    """The standard, locked. Raises NotFound when it is another's and nothing of it is public, else ForeignBody."""
    acting = uow.principal.acting()
    head = await repository.lock_standard(uow.sql, identifier)
    if head is None:
        raise NotFound
    if head["body_id"] != acting:
        raise ForeignBody if head["sequence"] else NotFound
    return head


def content_of(draft: ContentDraft) -> StandardContent:
    return StandardContent.model_validate(draft.model_dump(exclude_none=True))


def _kept(content: StandardContent) -> dict[str, Any]:
    return content.model_dump(mode="json")


async def _checked(uow: UnitOfWork, draft: ContentDraft) -> StandardContent:
    """The content with its template. Raises Invalid for each place, act, row or template that is not recorded."""
    template = await _template(uow, draft.template_id)
    acts = await cited_acts(uow.sql, {cited.act_id for cited in draft.legal_basis})
    unknown = [
        *await _unknown_places(uow.sql, draft),
        *unknown_rows(list(draft.rows), template),
        *(
            FieldError(f"/legal_basis/{index}/act_id", "There is no such act.", "unknown_act")
            for index, cited in enumerate(draft.legal_basis)
            if cited.act_id not in acts
        ),
    ]
    if unknown:
        raise Invalid(errors=unknown)
    content = content_of(draft)
    return content.model_copy(update={"template_id": template.id if template else None})


async def _template(uow: UnitOfWork, given: UUID | None) -> Template | None:
    """The one that is named, else the typical standard in force today."""
    if given is None:
        row = await templates.in_force(uow.sql, TYPICAL, local_date(uow.clock.now()), None)
        return template_of(row) if row is not None else None
    found = await templates.of_ids(uow.sql, [given])
    if given not in found:
        raise Invalid.at("/template_id", "There is no such template.", "unknown_template")
    return template_of(found[given])


async def _unknown_places(sql: Connection, draft: ContentDraft) -> list[FieldError]:
    """Each code that is no recorded territory."""
    named = {f"/applies_to/{index}": code for index, code in enumerate(draft.applies_to)}
    named |= {f"/tiers/{index}/place": tier.place for index, tier in enumerate(draft.tiers) if tier.place}
    if not named:
        return []
    known = await territories.known(sql, sorted(set(named.values())))
    return [
        FieldError(pointer, f"There is no unit {code}.", "unknown_territory", {"territory": code})
        for pointer, code in named.items()
        if code not in known
    ]
