"""Use cases of service points. A body records, changes and closes its own."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.catalogue.rights import ForeignBody
from services.registry.legal.citations import citation_problems, keep_citations
from services.registry.service_points import repository
from services.registry.service_points.checks import content_problems
from services.registry.service_points.domain import (
    AREA_KINDS,
    MEASURED,
    Precision,
    Visibility,
    missing_of,
    unit_vector,
)
from services.registry.service_points.schemas import (
    CollectedFact,
    CollectedPoint,
    HoursDraft,
    PointContent,
    PointDraft,
)
from services.registry.service_points.views import point_state
from services.registry.territories import repository as territories
from shared.auth.origins import origin_error
from shared.clock import local_date
from shared.contracts.registry import SERVICE_POINT_CHANGED, SERVICE_POINT_CLOSED
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import seed_id, uuid7
from shared.text import canonical_tag, pick, sort_key
from shared.values import Origin

Row = asyncpg.Record
CITING = "service_point"


class PointCodeTaken(Conflict):
    """A service point with this code exists."""

    code = "point_code_taken"


class PlaceTold(Conflict):
    """The exact place of this point was public; it cannot be taken back. Close it and record another one."""

    code = "place_told"


class PointClosed(Conflict):
    """This service point is closed."""

    code = "point_closed"


async def record_point(uow: UnitOfWork, draft: PointDraft) -> Row:
    """A new point of the acting body. Raises Invalid with everything that is wrong, PointCodeTaken (409)."""
    area = await _checked(uow, draft)
    identifier = uuid7()
    fixed = {"code": draft.code, "body_id": uow.principal.acting(), "origin": Origin.OFFICIAL}
    if not await _add(uow, identifier, fixed, draft, area):
        raise PointCodeTaken
    return await _told(uow, identifier, "service_point.record")


async def change_point(
    uow: UnitOfWork, identifier: UUID, content: PointContent, expected: Precondition
) -> Row:
    """Replace what is known of a point of the acting body."""
    current = await _own_point(uow, identifier)
    expect(current["version"], expected)
    if content.visibility is Visibility.AREA_ONLY and current["visibility"] == Visibility.PUBLIC:
        raise PlaceTold
    area = await _checked(uow, content)
    await repository.replace_point(uow.sql, identifier, _columns(content, area))
    await _keep_relations(uow, identifier, content)
    return await _told(uow, identifier, "service_point.change")


async def close_point(uow: UnitOfWork, identifier: UUID, closed_on: date, expected: Precondition) -> Row:
    """The point is no more from a day on; it leaves every list that day."""
    current = await _own_point(uow, identifier)
    expect(current["version"], expected)
    if current["opened_on"] is not None and closed_on <= current["opened_on"]:
        raise Invalid.at("/closed_on", "It was not open yet by then.", "closed_before_it_opened")
    await repository.close_point(uow.sql, identifier, closed_on)
    return await _told(uow, identifier, "service_point.close", closing=True)


async def collect(uow: UnitOfWork, found: Sequence[CollectedPoint]) -> None:
    """Record points as they were found; those that are there stay as they are."""
    bodies = await access.ids_of_codes(uow.sql, [point.body_code for point in found])
    for point in found:
        identifier = seed_id("service_point", point.code)
        fixed = {"code": point.code, "body_id": bodies[point.body_code], "origin": point.origin}
        if await repository.point(uow.sql, identifier) is None:
            area = await _checked(uow, point)
            if await _add(uow, identifier, fixed, point, area):
                await _told(uow, identifier, "service_point.collect")


async def collect_fact(uow: UnitOfWork, fact: CollectedFact) -> None:
    """Keep in sight what was found of points in general."""
    identifier = seed_id("service_point_fact", fact.code)
    if await repository.add_fact(uow.sql, {**fact.model_dump(mode="json"), "id": identifier}):
        after = {"code": fact.code}
        uow.audit("service_point.collect_fact", "service_point_fact", identifier, after=after)


async def _own_point(uow: UnitOfWork, identifier: UUID) -> Row:
    """The point, locked. Raises NotFound, ForeignBody for others' points, PointClosed."""
    acting = uow.principal.acting()
    found = await repository.lock_point(uow.sql, identifier)
    if found is None:
        raise NotFound
    if found["body_id"] != acting:
        raise ForeignBody
    if found["closed_on"] is not None:
        raise PointClosed(closed_on=found["closed_on"].isoformat())
    return found


async def _checked(uow: UnitOfWork, point: PointContent) -> Row | None:
    """The territory of a point that can be kept. Raises Invalid with everything that is wrong."""
    problems = content_problems(point, local_date(uow.clock.now()))
    area = None
    if point.territory_code is not None:
        area = await territories.territory(uow.sql, point.territory_code)
        if area is None:
            code = point.territory_code
            problems.append(
                FieldError(
                    "/territory_code", f"There is no unit {code}.", "unknown_territory", {"territory": code}
                )
            )
        elif point.visibility is Visibility.AREA_ONLY and area["kind"] not in AREA_KINDS:
            problems.append(
                FieldError("/territory_code", "Too small an area to hide a place in.", "area_too_small")
            )
    for index, volume in enumerate(point.volumes):
        wrong = origin_error(uow, volume.origin, f"/volumes/{index}/origin", by_scope=True)
        if wrong is not None:
            problems.append(wrong)
    known = await repository.public_services(uow.sql, [offered.service_id for offered in point.services])
    problems += [
        FieldError(f"/services/{index}/service_id", "There is no such service.", "unknown_service")
        for index, offered in enumerate(point.services)
        if offered.service_id not in known
    ]
    problems += await citation_problems(uow.sql, point.legal_basis, "/legal_basis")
    if problems:
        raise Invalid(errors=problems)
    return area


async def _add(
    uow: UnitOfWork, identifier: UUID, fixed: dict[str, Any], point: PointContent, area: Row | None
) -> bool:
    row = {**fixed, "id": identifier, **_columns(point, area)}
    if not await repository.add_point(uow.sql, row):
        return False
    await _keep_relations(uow, identifier, point)
    return True


async def _keep_relations(uow: UnitOfWork, identifier: UUID, point: PointContent) -> None:
    offered = [
        {
            "service_id": str(one.service_id),
            "hours": _kept_hours(one.hours),
            "channel_note": one.channel_note or {},
        }
        for one in point.services
    ]
    await repository.replace_services(uow.sql, identifier, offered)
    await keep_citations(uow, CITING, identifier, point.legal_basis, "/legal_basis")


async def _told(uow: UnitOfWork, identifier: UUID, action: str, *, closing: bool = False) -> Row:
    row = await repository.point(uow.sql, identifier)
    assert row is not None
    services = (await repository.offered(uow.sql, [identifier])).get(identifier, [])
    state = point_state(row, services)
    if closing:
        uow.emit(SERVICE_POINT_CLOSED, state)
    else:
        uow.emit(SERVICE_POINT_CHANGED, state)
    after = {"code": row["code"], "visibility": row["visibility"], "missing": row["missing"]}
    uow.audit(action, "service_point", identifier, after=after)
    return row


def _columns(point: PointContent, area: Row | None) -> dict[str, Any]:
    place = point.coordinates
    precision = Precision.UNKNOWN if place is None else place.precision
    row = {
        **point.model_dump(
            mode="json", include={"kind", "name", "visibility", "accessibility", "note", "source"}
        ),
        "territory_code": point.territory_code,
        "sort_key": sort_key(pick(point.name).value),
        "street_address": point.street_address or {},
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "precision": precision,
        "coordinates_source": place.source if place else None,
        "measured": precision in MEASURED,
        "unit_vector": _stands_at(point, area),
        "hours": _kept_hours(point.hours),
        "phones": [phone.model_dump(mode="json", exclude_none=True) for phone in point.phones],
        "languages": [canonical_tag(tag) for tag in point.languages],
        "volumes": [volume.model_dump(mode="json", exclude_none=True) for volume in point.volumes],
        "legal_basis": [one.model_dump(mode="json", exclude_none=True) for one in point.legal_basis],
        "opened_on": point.opened_on,
    }
    row["missing"] = missing_of(row, len(point.services))
    return row


def _stands_at(point: PointContent, area: Row | None) -> list[float] | None:
    """Where it stands in lists of the nearest: its own place, else the middle of its area."""
    if point.coordinates is not None:
        return unit_vector(point.coordinates.latitude, point.coordinates.longitude)
    if area is None or area["latitude"] is None:
        return None
    return unit_vector(area["latitude"], area["longitude"])


def _kept_hours(hours: HoursDraft | None) -> dict[str, Any] | None:
    return None if hours is None else hours.model_dump(mode="json", exclude_none=True)
