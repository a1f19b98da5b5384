"""The nearest points: pages over three groups, and the look at each point's hours that only open ones need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.registry.service_points import nearby_repository, repository
from services.registry.service_points.domain import unit_vector
from services.registry.service_points.nearby_repository import Group, Mark
from services.registry.service_points.opening import Opening
from services.registry.service_points.repository import PointFilter
from services.registry.service_points.schemas import NearPointView
from services.registry.service_points.views import near_view, opening_of
from shared.calendar import WorkingCalendar
from shared.db.database import Connection

Row = asyncpg.Record

MOST_LOOKED_AT = 400
"""Points whose hours one request looks at when only open ones are wanted. A page may hold fewer than asked for, or none,
and still have a next one."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A point in its place, with its hours looked at."""

    row: Row
    mark: Mark
    services: Sequence[Row]
    opening: Opening

    def view(self) -> NearPointView:
        group, line, _ = self.mark
        return near_view(
            self.row, self.services, self.opening, float(line) if group is Group.MEASURED else None
        )


@dataclass(frozen=True, slots=True)
class Search:
    latitude: float
    longitude: float
    wanted: PointFilter
    open_now: bool
    at: datetime
    calendar: WorkingCalendar


async def nearest(
    sql: Connection, search: Search, after: Mark | None, limit: int
) -> tuple[list[NearPointView], Mark | None]:
    """A page, and the mark of its last point where there may be more."""
    found: list[Looked] = []
    mark, looked_at = after, 0
    while True:
        batch = await _following(sql, search, mark, limit + 1)
        for one in batch:
            if search.open_now and one.opening.open is not True:
                mark = one.mark
                continue
            if len(found) == limit:
                return [kept.view() for kept in found], mark
            found.append(one)
            mark = one.mark
        looked_at += len(batch)
        if len(batch) <= limit:
            return [kept.view() for kept in found], None
        if looked_at >= MOST_LOOKED_AT:
            return [kept.view() for kept in found], mark


async def _following(sql: Connection, search: Search, after: Mark | None, limit: int) -> list[Looked]:
    """The next points after a mark, over the borders of groups, nearest first."""
    place = unit_vector(search.latitude, search.longitude)
    first = after[0] if after else Group.MEASURED
    rows: list[tuple[Group, Row]] = []
    for group in Group:
        if group < first or len(rows) == limit:
            continue
        since = after[1:] if after and after[0] is group else None
        wanted = limit - len(rows)
        found = await nearby_repository.nearest(sql, group, place, search.wanted, since, wanted)
        rows += [(group, row) for row in found]
    services = await repository.offered(sql, [row["id"] for _, row in rows])
    return [_looked(search, group, row, services.get(row["id"], [])) for group, row in rows]


def _looked(search: Search, group: Group, row: Row, services: Sequence[Row]) -> Looked:
    asked = next((one for one in services if one["code"] == search.wanted.service), None)
    found = opening_of(row, asked, search.at, search.calendar)
    return Looked(row, (group, row["mark"], row["id"]), services, found)


def read_mark(values: tuple[int, float | str, UUID]) -> Mark:
    """Of a cursor. Raises ValueError for one this list did not give."""
    group, line = Group(values[0]), values[1]
    if isinstance(line, str) is not (group is Group.NOWHERE):
        raise ValueError("a mark of another group")
    return group, line, values[2]
