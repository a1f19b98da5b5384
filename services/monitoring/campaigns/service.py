"""Use cases of campaigns."""

from uuid import UUID

from services.monitoring.campaigns import repository
from services.monitoring.campaigns.domain import CampaignState, advance, check_period
from services.monitoring.campaigns.repository import Row
from services.monitoring.campaigns.schemas import CampaignDraft
from shared.auth.origins import check_origin
from shared.contracts import monitoring as contracts
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Forbidden, NotFound
from shared.ids import uuid7
from shared.values import Place, Reference


class CampaignCodeTaken(Conflict):
    """A campaign with this code exists."""

    code = "campaign_code_taken"


class ReferencesMissing(Conflict):
    """The registry has not told of some municipalities or services yet, or they are not municipalities."""

    code = "references_missing"


async def draft_campaign(uow: UnitOfWork, draft: CampaignDraft) -> Row:
    check_origin(uow, draft.origin)
    check_period(draft.starts_on, draft.ends_on)
    identifier, owner = uuid7(), uow.principal.acting()
    added = await repository.add(
        uow.sql,
        (
            identifier,
            draft.code,
            draft.name,
            owner,
            draft.starts_on,
            draft.ends_on,
            list(dict.fromkeys(draft.municipalities)),
            list(dict.fromkeys(draft.services)),
            draft.answer_days,
            draft.origin,
        ),
    )
    if not added:
        raise CampaignCodeTaken
    uow.audit("campaign.draft", "campaign", identifier, after={"code": draft.code})
    return await _read(uow, identifier)


async def open_campaign(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """From now on visits are taken, and everybody sees the campaign."""
    await _advance(uow, identifier, CampaignState.OPEN, expected)
    row = await _read(uow, identifier)
    missing = _missing(row)
    if missing:
        raise ReferencesMissing(missing=missing)
    uow.emit(contracts.CAMPAIGN_OPENED, campaign_state(row))
    return row


async def close_campaign(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """No more visits are taken; those received are still reviewed."""
    await _advance(uow, identifier, CampaignState.CLOSED, expected)
    return await _read(uow, identifier)


async def _advance(uow: UnitOfWork, identifier: UUID, wanted: CampaignState, expected: Precondition) -> None:
    owner = uow.principal.acting()
    current = await repository.lock(uow.sql, identifier)
    if current is None or (current["owner_id"] != owner and current["state"] == CampaignState.DRAFT):
        raise NotFound
    if current["owner_id"] != owner:
        raise Forbidden(code="not_owner")
    expect(current["version"], expected)
    state = advance(current["state"], wanted)
    await repository.set_state(uow.sql, identifier, state)
    uow.audit(
        f"campaign.{'open' if wanted is CampaignState.OPEN else 'close'}",
        "campaign",
        identifier,
        before={"state": current["state"]},
        after={"state": state},
    )


async def _read(uow: UnitOfWork, identifier: UUID) -> Row:
    row = await repository.campaign(uow.sql, identifier, uow.principal.acting_or_none)
    assert row is not None
    return row


def _missing(row: Row) -> list[str]:
    places = [place["code"] for place in row["municipalities"] if not place["municipality"]]
    return places + [str(service["id"]) for service in row["services"] if service["code"] is None]


def campaign_state(row: Row) -> contracts.CampaignState:
    return contracts.CampaignState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        name=row["name"],
        owner=Reference.model_validate(row["owner"]),
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        municipalities=tuple(Place.model_validate(place) for place in row["municipalities"]),
        services=tuple(Reference.model_validate(service) for service in row["services"]),
        state=row["state"],
        origin=row["origin"],
    )
