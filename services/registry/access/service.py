"""Use cases of organisations, memberships and API keys."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access import repository
from services.registry.access.credentials import revoke_credential as _revoke
from services.registry.access.domain import (
    Membership,
    check_endable,
    check_expiry,
    check_grant,
    check_grantable,
    check_key_kind,
    new_api_key,
)
from services.registry.access.roles import GIVES_RIGHTS
from services.registry.access.schemas import ApiKeyDraft, MembershipGrant, OrganisationDraft
from services.registry.access.scope import administering
from services.registry.catalogue import service as catalogue
from services.registry.territories import repository as territories
from shared.auth.origins import check_origin
from shared.auth.tokens import LIFETIME
from shared.clock import local_date
from shared.contracts.registry import ORGANISATION_CHANGED, OrganisationState, Overseeing
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Invalid, NotFound
from shared.ids import seed_id, uuid7
from shared.text import pick, sort_key
from shared.values import Place

Row = asyncpg.Record
OVERSEER = "overseer"


class CodeTaken(Conflict):
    """An organisation with this code or id exists, or had this code once."""

    code = "code_taken"


class AlreadyMember(Conflict):
    """The person already has this role there from this day on; end it, or grant it from another day."""

    code = "already_member"


async def register_organisation(uow: UnitOfWork, draft: OrganisationDraft) -> Row:
    check_origin(uow, draft.origin, by_scope=True)
    if draft.parent_id and await repository.organisation(uow.sql, draft.parent_id) is None:
        raise Invalid.at("/parent_id", "There is no such organisation.", "unknown_organisation")
    added = await register_organisations(uow, [draft])
    if not added:
        raise CodeTaken
    return added[0]


async def register_organisations(uow: UnitOfWork, drafts: Sequence[OrganisationDraft]) -> Sequence[Row]:
    """Register many at once; returns those that were not there. A parent may be among them."""
    rows = [
        {
            **draft.model_dump(),
            "id": draft.id or uuid7(),
            "sort_key": sort_key(pick(draft.name).value),
        }
        for draft in drafts
    ]
    added = await repository.add_organisations(uow.sql, rows)
    await announce(uow, added, "organisation.register")
    return added


async def rename_organisation(
    uow: UnitOfWork, identifier: UUID, name: dict[str, str], expected: Precondition
) -> Row:
    current = await repository.lock_organisation(uow.sql, identifier)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    if name == current["name"]:
        return current
    row = await repository.rename_organisation(uow.sql, identifier, name, sort_key(pick(name).value))
    assert row is not None
    await announce(uow, [row], "organisation.rename", before={"name": current["name"]})
    await catalogue.bodies_renamed(uow, [identifier])
    return row


async def announce(
    uow: UnitOfWork, rows: Sequence[Row], action: str, before: dict[str, Any] | None = None
) -> None:
    codes = sorted({row["territory_code"] for row in rows if row["territory_code"]})
    places = await territories.places(uow.sql, codes) if codes else {}
    overseeing = await repository.overseeing(uow.sql, [row["id"] for row in rows])
    for row in rows:
        place = places.get(row["territory_code"])
        uow.emit(ORGANISATION_CHANGED, organisation_state(row, place, overseeing.get(row["id"], ())))
        after = {"code": row["code"], "name": row["name"]}
        uow.audit(action, "organisation", row["id"], before=before, after=after)


def organisation_state(row: Row, place: Row | None, overseeing: Sequence[Overseeing]) -> OrganisationState:
    """`place` is the recorded unit of the row's territory code, if there is one."""
    return OrganisationState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        kind=row["kind"],
        name=row["name"],
        territory=_territory(row["territory_code"], place),
        parent_id=row["parent_id"],
        active=row["active"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        overseeing=tuple(overseeing),
        origin=row["origin"],
    )


def _territory(code: str | None, place: Row | None) -> Place | None:
    if code is None:
        return None
    if place is None:  # not recorded yet; its id follows from the code
        return Place(id=seed_id("territory", code), code=code)
    return Place(id=place["id"], code=code, name=place["name"], path=tuple(place["path"]))


async def grant_membership(uow: UnitOfWork, organisation_id: UUID, grant: MembershipGrant) -> Row:
    scope = await administering(uow, organisation_id)
    check_grantable(grant.role, scope.kind, scope.roles)
    check_grant(grant.valid_from, grant.valid_to, local_date(uow.clock.now()))
    person_id = await _person(uow, grant.person_id)
    row = await repository.add_membership(
        uow.sql,
        (
            uuid7(),
            person_id,
            organisation_id,
            grant.role,
            grant.valid_from,
            grant.valid_to,
            uow.principal.sub,
        ),
    )
    if row is None:
        raise AlreadyMember
    uow.audit("membership.grant", "membership", row["id"], after=_audited(row))
    await role_changed(uow, organisation_id, grant.role)
    return row


async def role_changed(uow: UnitOfWork, organisation_id: UUID, role: str) -> None:
    """Who is told of findings depends on who oversees: others hear that an organisation does, never of persons."""
    if role == OVERSEER:
        row = await repository.count_change(uow.sql, organisation_id)
        await announce(uow, [row], "organisation.oversight")


async def _person(uow: UnitOfWork, known: UUID | None) -> UUID:
    """Ids of persons are minted here alone: one that is brought along must be known."""
    if known is None:
        minted = uuid7()
        await repository.add_person(uow.sql, minted)
        return minted
    if not await repository.person_exists(uow.sql, known):
        raise Invalid.at("/person_id", "There is no such person.", "unknown_person")
    return known


async def end_membership(uow: UnitOfWork, identifier: UUID, valid_to: date, expected: Precondition) -> Row:
    """The membership is also the credential of the person's tokens for it: from the day it ends they are refused."""
    home = await repository.home_of_membership(uow.sql, identifier)
    if home is None:
        raise NotFound
    scope = await administering(uow, home)
    current = await repository.lock_membership(uow.sql, scope, identifier)
    check_endable(current["role"], scope.kind, scope.roles)
    expect(current["version"], expected)
    held = Membership(current["role"], current["valid_from"], current["valid_to"])
    held.check_end(valid_to, local_date(uow.clock.now()))
    row = await repository.end_membership(uow.sql, identifier, valid_to)
    assert row is not None
    if valid_to <= local_date(uow.clock.now() + LIFETIME):  # tokens given until now do not know of this end
        await _revoke(uow, identifier, "membership_ended", row["version"])
        if row["role"] in GIVES_RIGHTS:
            await revoke_keys_that_give(uow, row["person_id"])
    uow.audit("membership.end", "membership", identifier, before=_audited(current), after=_audited(row))
    await role_changed(uow, row["organisation_id"], row["role"])
    return row


def _audited(membership: Row) -> dict[str, Any]:
    ends = membership["valid_to"]
    return {
        "person_id": str(membership["person_id"]),
        "organisation_id": str(membership["organisation_id"]),
        "role": membership["role"],
        "valid_from": membership["valid_from"].isoformat(),
        "valid_to": ends.isoformat() if ends else None,
    }


async def create_api_key(uow: UnitOfWork, organisation_id: UUID, draft: ApiKeyDraft) -> tuple[Row, str]:
    """The key's row and the key itself, which nobody sees again."""
    scope = await administering(uow, organisation_id)
    check_key_kind(draft.kind, scope.roles)
    for role in draft.roles:
        check_grantable(role, scope.kind, scope.roles)
    check_expiry(draft.expires_at, uow.clock.now())
    key, prefix, kept = new_api_key()
    row = await repository.add_key(
        uow.sql,
        (
            uuid7(),
            prefix,
            kept,
            draft.kind,
            draft.label,
            organisation_id,
            draft.roles,
            uow.principal.sub,
            draft.expires_at,
        ),
    )
    assert row is not None
    uow.audit("api_key.create", "api_key", row["id"], after={"roles": draft.roles, "kind": draft.kind})
    return row, key


async def revoke_api_key(uow: UnitOfWork, identifier: UUID) -> Row:
    home = await repository.home_of_key(uow.sql, identifier)
    if home is None:
        raise NotFound
    current = await repository.lock_key(uow.sql, await administering(uow, home), identifier)
    if current["revoked_at"] is not None:
        return current
    row = await repository.revoke_key(uow.sql, identifier, uow.clock.now())
    assert row is not None
    await _revoke(uow, identifier, "key_revoked", 1)
    uow.audit("api_key.revoke", "api_key", identifier)
    return row


async def revoke_keys_that_give(uow: UnitOfWork, maker: UUID) -> None:
    """A person who may give no rights any more does not come back through a key they made: those that give rights
    end with them, and those made with these. Other keys are the organisation's and stay."""
    now = uow.clock.now()
    day = local_date(now + LIFETIME)  # as for the end of a membership
    for row in await repository.revoke_keys_that_give(uow.sql, maker, GIVES_RIGHTS, day, now):
        await _revoke(uow, row["id"], "maker_left", 1)
        uow.audit("api_key.revoke", "api_key", row["id"], after={"maker": str(maker)})
