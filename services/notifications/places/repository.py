"""All SQL of places."""

from collections.abc import Mapping, Sequence

from shared.db.database import Connection
from shared.messaging.upsert import Upsert

_PLACES = Upsert("place", {"id": "uuid", "version": "int", "code": "text"})


async def keep(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await _PLACES.apply(sql, rows)


async def known(sql: Connection, code: str) -> bool:
    """Whether the registry has told of a unit with this code."""
    found: bool = await sql.fetchval("SELECT EXISTS (SELECT FROM place WHERE code = $1)", code)
    return found
