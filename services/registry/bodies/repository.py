"""All SQL that reads public bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.registry.access.domain import BODY_KINDS
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_STATE = "id, code, kind, name, sort_key, territory_code, parent_id"
_KEPT = "active, origin, source, valid_from, valid_to, state_from, version"
_DAY = f"""(
    SELECT {_STATE}, {_KEPT} FROM organisation
    WHERE coalesce(state_from <= {{day}}, true) AND coalesce({{day}} < valid_to, true)
    UNION ALL
    SELECT past.body_id, past.code, past.kind, past.name, past.sort_key, past.territory_code, past.parent_id,
           organisation.active, organisation.origin, organisation.source, organisation.valid_from,
           organisation.valid_to, past.valid_from, organisation.version
    FROM body_past AS past JOIN organisation ON organisation.id = past.body_id
    WHERE coalesce(past.valid_from <= {{day}}, true) AND {{day}} < past.valid_to
)"""
"""Bodies as they were on a day. Days nobody knows are no reason to leave a body out."""
_COLUMNS = ", ".join(f"body.{name}" for name in f"{_STATE}, {_KEPT}".split(", "))
_BODY = f"""
    SELECT {_COLUMNS}, counted.services, counted.with_standard
    FROM {{source}} AS body CROSS JOIN LATERAL (
        SELECT count(*) AS services, count(standard.id) FILTER (WHERE standard.sequence > 0) AS with_standard
        FROM service LEFT JOIN standard ON standard.service_id = service.id
        WHERE service.body_id = body.id AND service.status NOT IN ('proposed', 'merged', 'split', 'excluded')
    ) AS counted
"""
_KINDS = sorted(kind.value for kind in BODY_KINDS)


@dataclass(frozen=True, slots=True)
class BodyFilter:
    kind: str | None = None
    parent: str | None = None
    within: str | None = None
    territory: str | None = None
    identifier: str | None = None
    as_of: date | None = None


async def id_of_code(sql: Connection, code: str) -> UUID | None:
    """Of a code in use, or of one that was."""
    found: UUID | None = await sql.fetchval(
        """SELECT id FROM organisation WHERE code = $1 AND kind = ANY($2::text[])
           UNION ALL SELECT body_id FROM body_code WHERE code = $1""",
        code,
        _KINDS,
    )
    return found


async def body(sql: Connection, identifier: UUID, as_of: date | None = None) -> Row | None:
    """The body in its newest state, also when it is no more; with a day, as it was then (None: there was none)."""
    if as_of is None:
        query = _BODY.format(source="organisation")
        return await sql.fetchrow(f"{query} WHERE body.id = $1", identifier)
    query = _BODY.format(source=_DAY.format(day="$2::date"))
    return await sql.fetchrow(f"{query} WHERE body.id = $1", identifier, as_of)


async def bodies(
    sql: Connection, wanted: BodyFilter, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    where = Where()
    where.add("body.kind = ANY({}::text[])", [wanted.kind] if wanted.kind else _KINDS)
    if wanted.as_of is None:
        source = "organisation"
        where.add("body.valid_to IS NULL")
    else:
        source = _DAY.format(day=f"{where.bind(wanted.as_of)}::date")
    where.given("body.parent_id = (SELECT id FROM organisation WHERE code = {})", wanted.parent)
    where.given("body.territory_code = {}", wanted.territory)
    where.given(
        """body.id IN (SELECT body_id FROM body_identifier
                       WHERE scheme = split_part({0}, ':', 1) AND value = split_part({0}, ':', 2))""",
        wanted.identifier,
    )
    if wanted.within is not None:
        where.add(
            f"""body.id IN (
                WITH RECURSIVE below (id) AS (
                    SELECT id FROM organisation WHERE code = {{}}
                    UNION SELECT one.id FROM {source} AS one JOIN below ON one.parent_id = below.id
                ) SELECT id FROM below)""",
            wanted.within,
        )
    if after is not None:
        where.add("(body.sort_key, body.id) > ({}, {})", *after)
    return await sql.fetch(
        f"""{_BODY.format(source=source)} WHERE {where}
            ORDER BY body.sort_key, body.id LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def names(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, Row]:
    """id, code and present name of bodies."""
    rows = await sql.fetch("SELECT id, code, name FROM organisation WHERE id = ANY($1::uuid[])", identifiers)
    return {row["id"]: row for row in rows}


async def present_names(sql: Connection, identifiers: Sequence[UUID]) -> dict[str, dict[str, str]]:
    """Code → name of those of these bodies that are there."""
    rows = await sql.fetch(
        "SELECT code, name FROM organisation WHERE id = ANY($1::uuid[]) AND valid_to IS NULL", identifiers
    )
    return {row["code"]: row["name"] for row in rows}


async def above(sql: Connection, identifier: UUID) -> set[UUID]:
    """The body and all above it."""
    rows = await sql.fetch(
        """WITH RECURSIVE above (id, parent_id) AS (
               SELECT id, parent_id FROM organisation WHERE id = $1
               UNION SELECT p.id, p.parent_id FROM organisation AS p JOIN above ON p.id = above.parent_id
           ) SELECT id FROM above""",
        identifier,
    )
    return {row["id"] for row in rows}


async def former_codes(sql: Connection, identifier: UUID) -> list[str]:
    rows = await sql.fetch(
        "SELECT code FROM body_code WHERE body_id = $1 ORDER BY valid_to DESC, code", identifier
    )
    return [row["code"] for row in rows]


async def past(sql: Connection, identifier: UUID) -> Sequence[Row]:
    """States a body had, newest first."""
    return await sql.fetch(
        """SELECT valid_from, valid_to, code, name, parent_id FROM body_past
           WHERE body_id = $1 ORDER BY valid_to DESC""",
        identifier,
    )


async def relatives(sql: Connection, identifier: UUID) -> Sequence[Row]:
    """Other bodies this one came from (`before`) or went over to, oldest first."""
    return await sql.fetch(
        """SELECT other.id, other.code, other.name, relation.successor_id = $1 AS before, relation.kind,
                  reorganisation.happened_on, reorganisation.id AS reorganisation_id
           FROM body_relation AS relation
           JOIN reorganisation ON reorganisation.id = relation.reorganisation_id
           JOIN organisation AS other ON other.id = CASE WHEN relation.successor_id = $1
                                                         THEN relation.predecessor_id ELSE relation.successor_id END
           WHERE (relation.predecessor_id = $1 OR relation.successor_id = $1)
             AND relation.predecessor_id <> relation.successor_id
           ORDER BY reorganisation.happened_on, reorganisation.id, relation.place""",
        identifier,
    )


_ACT = """act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
          act.issuer AS act_issuer, act.title AS act_title, act.url AS act_url"""
_MANDATE = f"""
    SELECT mandate.id, mandate.body_id, mandate.text, mandate.provision, mandate.valid_from, mandate.valid_to,
           mandate.origin, {_ACT}
    FROM body_mandate AS mandate JOIN legal_act AS act ON act.id = mandate.act_id
"""
_IDENTIFIER = "SELECT id, scheme, value, valid_from, valid_to, origin, source FROM body_identifier"


async def mandates(sql: Connection, body_id: UUID, on: date | None) -> Sequence[Row]:
    """Of a day; of all days without one."""
    return await sql.fetch(
        f"""{_MANDATE} WHERE mandate.body_id = $1
            AND ($2::date IS NULL OR (mandate.valid_from <= $2 AND coalesce($2 < mandate.valid_to, true)))
            ORDER BY mandate.valid_from, mandate.id""",
        body_id,
        on,
    )


async def identifiers(sql: Connection, body_id: UUID, on: date | None) -> Sequence[Row]:
    """Of a day; of all days without one."""
    return await sql.fetch(
        f"""{_IDENTIFIER} WHERE body_id = $1
            AND ($2::date IS NULL OR (coalesce(valid_from <= $2, true) AND coalesce($2 < valid_to, true)))
            ORDER BY scheme, valid_from NULLS FIRST, id""",
        body_id,
        on,
    )


_REORGANISATION = f"""
    SELECT reorganisation.id, reorganisation.happened_on, reorganisation.origin, reorganisation.source,
           reorganisation.recorded_at, {_ACT},
           ARRAY(SELECT jsonb_build_object('kind', relation.kind, 'predecessor', relation.predecessor_id,
                                           'successor', relation.successor_id)
                 FROM body_relation AS relation WHERE relation.reorganisation_id = reorganisation.id
                 ORDER BY relation.place) AS changes
    FROM reorganisation JOIN legal_act AS act ON act.id = reorganisation.act_id
"""


async def reorganisation(sql: Connection, identifier: UUID) -> Row:
    row = await sql.fetchrow(f"{_REORGANISATION} WHERE reorganisation.id = $1", identifier)
    assert row is not None
    return row


async def reorganisations(sql: Connection, after: tuple[date, UUID] | None, limit: int) -> Sequence[Row]:
    """Newest first."""
    where = Where()
    if after is not None:
        where.add("(reorganisation.happened_on, reorganisation.id) < ({}, {})", *after)
    return await sql.fetch(
        f"""{_REORGANISATION} WHERE {where}
            ORDER BY reorganisation.happened_on DESC, reorganisation.id DESC LIMIT {where.bind(limit)}""",
        *where.values,
    )
