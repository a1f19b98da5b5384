"""All SQL of oversight: up and down the bodies and territories the registry told of.

`watched`: the organisation itself, or the body a council belongs to. Unions end also where parents go in a circle."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.monitoring.oversight.domain import TERRITORIAL, WATCHES_ITS_PARENT
from shared.db.database import Connection

Row = asyncpg.Record

_WATCHED = """known_organisation AS watched
    ON watched.id = CASE WHEN o.kind = ANY($2::text[]) AND o.parent_id IS NOT NULL THEN o.parent_id ELSE o.id END"""


async def reach(sql: Connection, organisation: UUID) -> Row | None:
    """(bodies, territory, overseeing) of an organisation; None while the registry has not told of it."""
    return await sql.fetchrow(
        f"""WITH RECURSIVE root AS (
                SELECT watched.id, o.overseeing,
                    CASE WHEN watched.kind = ANY($3::text[]) THEN watched.territory_code END AS territory
                FROM known_organisation AS o JOIN {_WATCHED}
                WHERE o.id = $1 AND o.active
            ), body (id) AS (
                SELECT id FROM root
                UNION SELECT below.id FROM known_organisation AS below JOIN body ON below.parent_id = body.id
            )
            SELECT ARRAY(SELECT id FROM body) AS bodies, territory, overseeing FROM root""",
        organisation,
        WATCHES_ITS_PARENT,
        TERRITORIAL,
    )


async def reaching(sql: Connection, addressee: UUID, places: Sequence[str]) -> Sequence[Row]:
    """(id, overseeing) of organisations that reach this body, or one of these places from the country down."""
    return await sql.fetch(
        f"""WITH RECURSIVE above (id, parent_id) AS (
                SELECT id, parent_id FROM known_organisation WHERE id = $1
                UNION SELECT p.id, p.parent_id FROM known_organisation AS p JOIN above ON p.id = above.parent_id
            )
            SELECT o.id, o.overseeing FROM known_organisation AS o JOIN {_WATCHED}
            WHERE o.active AND o.overseeing <> '[]' AND (
                watched.id IN (SELECT id FROM above)
                OR watched.kind = ANY($3::text[]) AND watched.territory_code = ANY($4::text[]))
            ORDER BY o.id""",
        addressee,
        WATCHES_ITS_PARENT,
        TERRITORIAL,
        places,
    )
