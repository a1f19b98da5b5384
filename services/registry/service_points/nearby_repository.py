"""All SQL of the nearest points: an index scan outwards from the place, whatever the number of points."""

from collections.abc import Sequence
from enum import IntEnum
from uuid import UUID

import asyncpg

from services.registry.service_points.repository import COLUMNS, FROM, PointFilter
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record


class Group(IntEnum):
    """Points with a distance come first, then those whose settlement or area is known, then the rest by name."""

    MEASURED = 0
    AROUND = 1
    NOWHERE = 2


Mark = tuple[Group, float | str, UUID]
"""Where a page ends: the group, the straight line on the unit sphere (or the sort key), and the point."""

_IN_GROUP = {
    Group.MEASURED: "point.measured",
    Group.AROUND: "NOT point.measured AND point.unit_vector IS NOT NULL",
    Group.NOWHERE: "point.unit_vector IS NULL",
}
"""The conditions of the partial indexes, word for word."""


async def nearest(
    sql: Connection,
    group: Group,
    place: Sequence[float],
    wanted: PointFilter,
    after: tuple[float | str, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """Points of a group, nearest first, with `mark`: the straight line from `place` (a unit vector), or the sort key."""
    where = Where()
    mark = "point.sort_key"
    if group is not Group.NOWHERE:
        mark = f"cube(point.unit_vector) <-> cube({where.bind(list(place))}::float8[])"
    where.add(_IN_GROUP[group])
    wanted.narrow(where)
    if after is not None:
        where.add(f"({mark}, point.id) > ({{}}, {{}})", *after)
    return await sql.fetch(
        f"""SELECT {COLUMNS}, {mark} AS mark FROM {FROM} WHERE {where}
            ORDER BY {mark}, point.id LIMIT {where.bind(limit)}""",
        *where.values,
    )
