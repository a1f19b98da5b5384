"""Who works on the register: registrars on the functions of their own body and those below it, while it is drafted;
who keeps the register on all of it. To others an open version is not there."""

from uuid import UUID

import asyncpg

from services.registry.bodies import repository as bodies
from services.registry.catalogue.rights import ForeignBody
from services.registry.functions import repository
from services.registry.functions.domain import RegisterStatus
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.http.errors import NotFound

WRITE, DECIDE = "registry:functions:write", "registry:functions:decide"


async def visible_register(sql: Connection, caller: Principal, number: int) -> asyncpg.Record:
    """Raises NotFound for an open version and a caller who does not work on it."""
    row = await repository.register(sql, number)
    if row is None or not (
        row["status"] == RegisterStatus.ADOPTED or caller.may(WRITE) or caller.may(DECIDE)
    ):
        raise NotFound
    return row


def visible_below(caller: Principal, register: asyncpg.Record) -> UUID | None:
    """The body to whose functions, and those below it, the caller is held; None where all are shown."""
    if register["status"] == RegisterStatus.ADOPTED or caller.may(DECIDE):
        return None
    return caller.acting()


async def check_own(sql: Connection, caller: Principal, body_id: UUID) -> None:
    """Raises ForeignBody (403) where this is neither the acting body nor below it."""
    if caller.may(DECIDE):
        return
    if caller.acting() not in await bodies.above(sql, body_id):
        raise ForeignBody
