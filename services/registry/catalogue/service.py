"""Use cases of the catalogue."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.catalogue import repository
from services.registry.catalogue.domain import ServiceStatus, TextState, may_become, missing_rows
from services.registry.catalogue.rights import own_service
from services.registry.catalogue.schemas import (
    CollectedGap,
    CollectedService,
    ServiceChange,
    ServiceDraft,
)
from services.registry.legal import repository as legal
from services.registry.publication import service as publication
from shared.clock import local_date
from shared.contracts.registry import SERVICE_CHANGED, ServiceState
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Invalid, NotFound
from shared.ids import seed_id, uuid7
from shared.text import pick, sort_key
from shared.values import Origin, Reference

Row = asyncpg.Record


class ServiceCodeTaken(Conflict):
    """A service with this code exists."""

    code = "service_code_taken"


async def propose_service(uow: UnitOfWork, draft: ServiceDraft) -> Row:
    """A new entry of the acting body; not public until an act includes it."""
    entry = {
        **draft.model_dump(mode="json"),
        "id": uuid7(),
        "body_id": uow.principal.acting(),
        "name_states": dict.fromkeys(draft.name, TextState.STATED),
        "sort_key": sort_key(pick(draft.name).value),
        "status": ServiceStatus.PROPOSED,
        "merged_into": None,
        "facts": {},
        "origin": Origin.OFFICIAL,
        "source": None,
    }
    if not await repository.add_service(uow.sql, entry):
        raise ServiceCodeTaken
    uow.audit("service.propose", "service", entry["id"], after={"code": draft.code})
    return await refresh(uow, entry["id"])


async def change_service(
    uow: UnitOfWork, identifier: UUID, change: ServiceChange, expected: Precondition
) -> Row:
    current = own_service(uow.principal, await repository.lock_service(uow.sql, identifier))
    expect(current["version"], expected)
    changes = change.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    if not changes:
        unchanged = await repository.service(uow.sql, identifier)
        assert unchanged is not None
        return unchanged
    if change.status is not None:
        await _check_status(uow, current, change)
    if change.act_id is not None:
        changes["act_id"] = change.act_id
    if change.merged_into is not None:
        changes["merged_into"] = change.merged_into
    if change.name is not None:
        changes["sort_key"] = sort_key(pick(change.name).value)
        changes["name_states"] = dict.fromkeys(change.name, TextState.STATED)
    await repository.change_service(uow.sql, identifier, changes)
    before = {"status": current["status"], "name": current["name"]}
    uow.audit("service.change", "service", identifier, before=before, after={"changed": sorted(changes)})
    if "name" in changes:
        await _tell_anew(uow, await repository.ids_merged_into(uow.sql, identifier))
    return await refresh(uow, identifier)


async def _check_status(uow: UnitOfWork, current: Row, change: ServiceChange) -> None:
    wanted = ServiceStatus(change.status or current["status"])
    if not may_become(ServiceStatus(current["status"]), wanted):
        raise Invalid.at(
            "/status",
            f"A service does not go from {current['status']} to {wanted}.",
            "impossible_transition",
            current=current["status"],
            wanted=wanted.value,
        )
    if wanted is ServiceStatus.INCLUDED and current["status"] != wanted and change.act_id is None:
        raise Invalid.at("/act_id", "A service is included by an act.", "missing")
    if change.act_id is not None and not await legal.known(uow.sql, [change.act_id]):
        raise Invalid.at("/act_id", "There is no such act.", "unknown_act")
    if wanted is ServiceStatus.MERGED:
        await _check_target(uow, current, change.merged_into)


async def _check_target(uow: UnitOfWork, current: Row, target: UUID | None) -> None:
    if target is None:
        raise Invalid.at("/merged_into", "Say which entry it was merged into.", "missing")
    found = await repository.service(uow.sql, target)
    if found is None or found["id"] == current["id"] or found["status"] == ServiceStatus.PROPOSED:
        raise Invalid.at("/merged_into", "There is no such service.", "unknown_service")


async def collect(uow: UnitOfWork, entries: Sequence[CollectedService]) -> int:
    """Record services as they were found; returns how many were not there. Entries merged into others come last."""
    bodies = await access.ids_of_codes(uow.sql, [entry.body_code for entry in entries])
    added = 0
    for entry in entries:
        row = {
            **entry.model_dump(mode="json"),
            "id": seed_id("service", entry.code),
            "body_id": bodies[entry.body_code],
            "sort_key": sort_key(pick(entry.name).value),
            "merged_into": seed_id("service", entry.merged_into) if entry.merged_into else None,
            "facts": entry.facts.model_dump(exclude_none=True),
        }
        if await repository.add_service(uow.sql, row):
            uow.audit("service.collect", "service", row["id"], after={"code": entry.code})
            await refresh(uow, row["id"])
            added += 1
    return added


async def list_gap(uow: UnitOfWork, gap: CollectedGap) -> None:
    """Keep in sight what was collected but is no entry."""
    identifier = seed_id("collection_gap", gap.code)
    if await repository.add_collection_gap(uow.sql, {**gap.model_dump(mode="json"), "id": identifier}):
        uow.audit("service.list_gap", "collection_gap", identifier, after={"code": gap.code})


async def bodies_renamed(uow: UnitOfWork, bodies: Sequence[UUID]) -> None:
    """Pages and events name the body: those of its services are told anew."""
    await _tell_anew(uow, await repository.ids_of_bodies(uow.sql, bodies))


async def pass_on(uow: UnitOfWork, heirs: Mapping[UUID, UUID]) -> None:
    """Services of bodies that are no more (former body → new one) with their standards; the caller tells of them."""
    if heirs:
        await repository.pass_on(uow.sql, list(heirs), list(heirs.values()))


async def _tell_anew(uow: UnitOfWork, identifiers: Sequence[UUID]) -> None:
    """Entries that name something which is called otherwise from now on."""
    for identifier in identifiers:
        await lock(uow, identifier)
        await refresh(uow, identifier)


async def lock(uow: UnitOfWork, identifier: UUID) -> Row:
    """The entry, locked until the end of the transaction."""
    row = await repository.lock_service(uow.sql, identifier)
    if row is None:
        raise NotFound
    return row


async def refresh(uow: UnitOfWork, identifier: UUID) -> Row:
    """Gaps, version, event and published page of a locked entry, after anything on it or its standard changed."""
    current = await repository.service(uow.sql, identifier)
    assert current is not None
    versions = await publication.versions(uow, identifier)
    standard = publication.foremost(versions, local_date(uow.clock.now()))
    missing = missing_rows(
        current["facts"], current["register_numbers"], standard["missing"] if standard else None
    )
    row = await repository.count_change(uow.sql, identifier, missing)
    await publication.publish(uow, row, versions)
    if row["status"] != ServiceStatus.PROPOSED:
        uow.emit(SERVICE_CHANGED, service_state(row))
    return row


def service_state(row: Row) -> ServiceState:
    return ServiceState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        name=row["name"],
        level=row["level"],
        body=Reference(id=row["body_id"], code=row["body_code"], name=row["body_name"]),
        sector=row["sector"],
        status=row["status"],
        missing=tuple(row["missing"]),
        origin=row["origin"],
        source=row["source"],
    )
