"""Use cases of territories."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.registry.bodies import municipal
from services.registry.legal.happening import not_yet
from services.registry.service_points import repository as service_points
from services.registry.service_points.domain import unit_vector
from services.registry.territories import domain, repository
from services.registry.territories.schemas import (
    EditionDraft,
    Heading,
    TerritoryCorrection,
    TerritoryDraft,
)
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.contracts.registry import TERRITORY_CHANGED, TerritoryState
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import seed_id
from shared.text import pick, sort_key

Row = asyncpg.Record

RESERVED = frozenset({"boundaries", "changes", "editions", "gaps", "headings"})
"""What stands in addresses where a code does."""


class TerritoryExists(Conflict):
    """A unit or a heading with this code is recorded; codes are not given twice."""

    code = "territory_exists"


class EditionExists(Conflict):
    """An edition of this day is recorded."""

    code = "edition_exists"


async def record_territory(uow: UnitOfWork, draft: TerritoryDraft) -> Row:
    check_origin(uow, draft.origin, by_scope=True)
    if draft.valid_from is not None and draft.valid_from > local_date(uow.clock.now()):
        raise Invalid(errors=[not_yet("/valid_from")])
    if draft.code in RESERVED or await repository.ever_known(uow.sql, [draft.code]):
        raise TerritoryExists
    added = await record_territories(uow, [draft])
    if not added:
        raise TerritoryExists
    await municipal.ensure_body(uow, added[0])
    return added[0]


async def record_territories(uow: UnitOfWork, drafts: Sequence[TerritoryDraft]) -> Sequence[Row]:
    """Record many units at once, parents before children; returns those that were not there."""
    await repository.lock_classifier(uow.sql)
    outside = {draft.parent_code for draft in drafts if draft.parent_code}
    known = await repository.parents(uow.sql, sorted(outside))
    pairs = [(draft.code, draft.parent_code) for draft in drafts]
    try:
        paths = domain.paths(pairs, {code: row["path"] for code, row in known.items()})
    except domain.UnknownParent as error:
        raise Invalid.at(
            _at(drafts, error.index, "parent_code"),
            f"There is no unit {error.code}.",
            "unknown_territory",
            territory=error.code,
        ) from error
    kinds = {code: domain.TerritoryKind(row["kind"]) for code, row in known.items()}
    misplaced = await _misplaced(uow, drafts, kinds | {draft.code: draft.kind for draft in drafts})
    if misplaced:
        raise Invalid(errors=misplaced)
    added = await repository.add_territories(uow.sql, [columns(draft, paths[draft.code]) for draft in drafts])
    for row in added:
        announce(uow, row, "territory.record")
    return added


async def _misplaced(
    uow: UnitOfWork, drafts: Sequence[TerritoryDraft], kinds: Mapping[str, domain.TerritoryKind]
) -> list[FieldError]:
    """Units below what they cannot stand below, and a second country. `kinds`: of all units named."""
    found = [
        FieldError(
            _at(drafts, index, "parent_code"),
            "A unit of this kind does not stand there.",
            "misplaced",
            {"kind": str(draft.kind)},
        )
        for index, draft in enumerate(drafts)
        if not domain.may_stand(draft.kind, kinds[draft.parent_code] if draft.parent_code else None)
    ]
    countries = [draft.code for draft in drafts if draft.kind is domain.TerritoryKind.COUNTRY]
    if countries and (len(countries) > 1 or await repository.other_country(uow.sql, countries[0])):
        found.append(FieldError("/kind", "There is one country.", "second_country"))
    return found


def _at(drafts: Sequence[TerritoryDraft], index: int, name: str) -> str:
    return f"/{name}" if len(drafts) == 1 else f"/{index}/{name}"


async def record_edition(uow: UnitOfWork, draft: EditionDraft) -> None:
    """Raises EditionExists (409)."""
    check_origin(uow, draft.origin, by_scope=True)
    if draft.date > local_date(uow.clock.now()):
        raise Invalid(errors=[not_yet("/date")])
    if not await ensure_edition(uow, draft):
        raise EditionExists


async def ensure_edition(uow: UnitOfWork, draft: EditionDraft) -> bool:
    """Record an edition of the classifier; False where it is recorded."""
    added = await repository.add_edition(uow.sql, draft.model_dump())
    if added:
        identifier = seed_id("classifier_edition", draft.date.isoformat())
        uow.audit("territory.record_edition", "classifier_edition", identifier, after={"title": draft.title})
    return added


async def record_headings(uow: UnitOfWork, headings: Sequence[Heading]) -> int:
    """Record headings of the classifier; returns how many were not there."""
    added = await repository.add_headings(uow.sql, [heading.model_dump() for heading in headings])
    if added:
        identifier = seed_id("classifier", "headings")
        uow.audit("territory.record_headings", "classifier", identifier, after={"added": added})
    return added


async def correct_territory(
    uow: UnitOfWork, code: str, change: TerritoryCorrection, expected: Precondition
) -> Row:
    await repository.lock_classifier(uow.sql)
    current = await repository.lock_territory(uow.sql, code)
    if current is None:
        raise NotFound
    expect(current["version"], expected)
    if not change.model_dump(exclude_none=True):
        return current
    name = change.name or current["name"]
    place = change.coordinates
    row = await repository.correct_territory(
        uow.sql,
        code,
        {
            "name": name,
            "sort_key": sort_key(pick(name).value),
            "missing": domain.missing_languages(name),
            "latitude": place.latitude if place else current["latitude"],
            "longitude": place.longitude if place else current["longitude"],
            "coordinates_source": place.source if place else current["coordinates_source"],
            "edition": change.edition or current["edition"],
            "source": change.source or current["source"],
        },
    )
    if place is not None:
        await service_points.area_moved(uow.sql, code, unit_vector(place.latitude, place.longitude))
    announce(uow, row, "territory.correct", before={"name": current["name"]})
    return row


def announce(uow: UnitOfWork, row: Row, action: str, before: dict[str, Any] | None = None) -> None:
    """Tell everybody of a unit's new state, and keep who said so."""
    uow.emit(TERRITORY_CHANGED, territory_state(row))
    after = {"code": row["code"], "name": row["name"]}
    uow.audit(action, "territory", row["id"], before=before, after=after)


def territory_state(row: Row) -> TerritoryState:
    return TerritoryState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        kind=row["kind"],
        name=row["name"],
        parent_code=row["parent_code"],
        path=tuple(row["path"]),
        municipality=row["municipality"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        p_code=row["p_code"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        edition=row["edition"],
        origin=row["origin"],
    )


def columns(draft: TerritoryDraft, path: tuple[str, ...]) -> dict[str, Any]:
    """The id follows from the code, so others may refer to a unit before it is recorded."""
    place = draft.coordinates
    return {
        **draft.model_dump(exclude={"coordinates"}),
        "id": seed_id("territory", draft.code),
        "sort_key": sort_key(pick(draft.name).value),
        "path": path,
        "municipality": domain.is_municipality(draft.kind),
        "missing": domain.missing_languages(draft.name),
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "coordinates_source": place.source if place else None,
    }
