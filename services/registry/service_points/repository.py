"""All SQL of service points."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

COLUMNS = """
    point.id, point.code, point.kind, point.body_id, body.code AS body_code, body.name AS body_name, point.name,
    point.sort_key, point.visibility, point.territory_code, territory.id AS territory_id,
    territory.name AS territory_name, territory.path AS territory_path, point.street_address, point.latitude,
    point.longitude, point.precision, point.coordinates_source, point.hours, point.phones, point.languages,
    point.accessibility, point.volumes, point.legal_basis, point.missing, point.opened_on, point.closed_on, point.note,
    point.origin, point.source, point.version, point.updated_at
"""
FROM = """
    service_point AS point JOIN organisation AS body ON body.id = point.body_id
    LEFT JOIN territory ON territory.code = point.territory_code
"""
_CONTENT = (
    "kind", "name", "sort_key", "visibility", "territory_code", "street_address", "latitude", "longitude", "precision",
    "coordinates_source", "measured", "unit_vector", "hours", "phones", "languages", "accessibility", "volumes",
    "legal_basis", "missing", "note", "opened_on", "source",
)  # fmt: skip
_FIXED = ("id", "code", "body_id", "origin")


@dataclass(frozen=True, slots=True)
class PointFilter:
    """`on` is the day the points are there on; closed ones are left out of every list."""

    on: dt.date
    kind: str | None = None
    body: str | None = None
    service: str | None = None
    within: str | None = None
    language: str | None = None
    accessible: str | None = None
    missing: str | None = None

    def narrow(self, where: Where) -> None:
        where.add("(point.closed_on IS NULL OR point.closed_on > {})", self.on)
        where.given("point.kind = {}", self.kind)
        where.given("point.body_id = (SELECT id FROM organisation WHERE code = {})", self.body)
        where.given(
            """EXISTS (SELECT FROM service_point_service AS offered WHERE offered.point_id = point.id
                       AND offered.service_id = (SELECT id FROM service WHERE code = {}))""",
            self.service,
        )
        where.given("territory.path @> {}::text[]", self.within and [self.within])
        where.given("point.languages @> {}::text[]", self.language and [self.language])
        where.given("point.accessibility @> {}::text[]", self.accessible and [self.accessible])
        where.given("point.missing @> {}::text[]", self.missing and [self.missing])


async def point(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {COLUMNS} FROM {FROM} WHERE point.id = $1", identifier)


async def lock_point(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {COLUMNS} FROM {FROM} WHERE point.id = $1 FOR UPDATE OF point", identifier
    )


async def points(
    sql: Connection, wanted: PointFilter, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    """In alphabetical order."""
    where = Where()
    wanted.narrow(where)
    if after is not None:
        where.add("(point.sort_key, point.id) > ({}, {})", *after)
    return await sql.fetch(
        f"""SELECT {COLUMNS} FROM {FROM} WHERE {where}
            ORDER BY point.sort_key, point.id LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def add_point(sql: Connection, point: Mapping[str, Any]) -> bool:
    """False when this id or code is taken."""
    names = (*_FIXED, *_CONTENT)
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    return bool(
        await sql.fetchval(
            f"""INSERT INTO service_point ({", ".join(names)}) VALUES ({places})
                ON CONFLICT DO NOTHING RETURNING true""",
            *(point[name] for name in names),
        )
    )


async def replace_point(sql: Connection, identifier: UUID, content: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(_CONTENT, 2))
    await sql.execute(
        f"UPDATE service_point SET {assignments}, version = version + 1, updated_at = now() WHERE id = $1",
        identifier,
        *(content[name] for name in _CONTENT),
    )


async def close_point(sql: Connection, identifier: UUID, closed_on: dt.date) -> None:
    await sql.execute(
        "UPDATE service_point SET closed_on = $2, version = version + 1, updated_at = now() WHERE id = $1",
        identifier,
        closed_on,
    )


async def replace_services(sql: Connection, identifier: UUID, services: Sequence[Mapping[str, Any]]) -> None:
    """What is offered at a point from now on."""
    await sql.execute("DELETE FROM service_point_service WHERE point_id = $1", identifier)
    if services:
        await sql.execute(
            """INSERT INTO service_point_service (point_id, service_id, hours, channel_note)
               SELECT $1, service_id, nullif(hours, 'null'::jsonb), channel_note
               FROM jsonb_to_recordset($2) AS offered (service_id uuid, hours jsonb, channel_note jsonb)""",
            identifier,
            services,
        )


async def offered(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """What is offered at each of these points, by the services' codes."""
    rows = await sql.fetch(
        """SELECT offered.point_id, offered.service_id, service.code, service.name, offered.hours, offered.channel_note
           FROM service_point_service AS offered JOIN service ON service.id = offered.service_id
           WHERE offered.point_id = ANY($1::uuid[]) ORDER BY offered.point_id, service.code""",
        identifiers,
    )
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["point_id"], []).append(row)
    return found


async def public_services(sql: Connection, identifiers: Sequence[UUID]) -> set[UUID]:
    """Those that are entries everybody sees."""
    rows = await sql.fetch(
        "SELECT id FROM service WHERE id = ANY($1::uuid[]) AND status <> 'proposed'", identifiers
    )
    return {row["id"] for row in rows}


async def area_moved(sql: Connection, code: str, unit_vector: Sequence[float] | None) -> None:
    """Points that stand in lists where their area does follow it."""
    await sql.execute(
        """UPDATE service_point SET unit_vector = $2
           WHERE territory_code = $1 AND NOT measured AND precision = 'unknown'""",
        code,
        unit_vector,
    )


async def missing_fields(sql: Connection, on: dt.date) -> Sequence[Row]:
    """Each field with the number of points that lack it."""
    return await sql.fetch(
        """SELECT field, count(*) AS points FROM service_point, unnest(missing) AS field
           WHERE closed_on IS NULL OR closed_on > $1 GROUP BY field ORDER BY points DESC, field""",
        on,
    )


async def count_points(sql: Connection, on: dt.date) -> int:
    found: int = await sql.fetchval(
        "SELECT count(*) FROM service_point WHERE closed_on IS NULL OR closed_on > $1", on
    )
    return found


_FACT = "id, code, kind, text, value, dated, origin, source"


async def facts(sql: Connection) -> Sequence[Row]:
    return await sql.fetch(f"SELECT {_FACT} FROM service_point_fact ORDER BY code")


async def add_fact(sql: Connection, fact: Mapping[str, Any]) -> bool:
    names = ("id", "code", "kind", "text", "value", "dated", "origin", "source")
    return bool(
        await sql.fetchval(
            f"""INSERT INTO service_point_fact ({_FACT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT DO NOTHING RETURNING true""",
            *(fact[name] for name in names),
        )
    )
