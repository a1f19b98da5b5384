"""All SQL of services."""

from collections.abc import Mapping, Sequence

from shared.db.database import Connection
from shared.messaging.upsert import Upsert

SERVICES = Upsert("service", {"id": "uuid", "version": "int", "code": "text", "name": "jsonb"})


async def save_services(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await SERVICES.apply(sql, rows)
