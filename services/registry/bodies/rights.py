"""Who works on a body: its registrar, that of a body above it, and the platform."""

import asyncpg

from services.registry.access import repository as access
from services.registry.bodies import repository
from services.registry.catalogue.rights import ForeignBody
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound

ANY_BODY = "registry:bodies:reorganise"


async def own_body(uow: UnitOfWork, code: str) -> asyncpg.Record:
    """The organisation's row, locked. Raises NotFound, or ForeignBody (403) where it is neither the acting body nor
    below it: bodies are public."""
    identifier = await repository.id_of_code(uow.sql, code)
    row = None if identifier is None else await access.lock_organisation(uow.sql, identifier)
    if row is None:
        raise NotFound
    if not uow.principal.may(ANY_BODY):
        acting = uow.principal.acting()
        if acting not in await repository.above(uow.sql, row["id"]):
            raise ForeignBody
    return row
