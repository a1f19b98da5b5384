"""Who works on a service: people of its own body. To others what is not public is not there."""

from uuid import UUID

import asyncpg

from services.registry.catalogue.domain import ServiceStatus
from shared.auth.principal import Acting, Principal
from shared.http.errors import Forbidden, NotFound

STAFF_SCOPES = ("registry:services:write", "registry:standards:draft", "registry:standards:adopt")


class ForeignBody(Forbidden):
    """This belongs to another body; only its own people may change it."""

    code = "foreign_body"


def is_staff(caller: Principal, body_id: UUID) -> bool:
    """Whether the caller works on the entries of this body."""
    return caller.org == body_id and any(caller.may(scope) for scope in STAFF_SCOPES)


def staff_of(caller: Principal) -> Acting | None:
    """The body whose unpublished entries the caller may see."""
    acting = caller.acting_or_none
    return acting if acting and is_staff(caller, acting) else None


def own_service(caller: Principal, service: asyncpg.Record | None) -> asyncpg.Record:
    """Raises NotFound for what the caller cannot see, ForeignBody for what belongs to another body."""
    acting = caller.acting()
    if service is None:
        raise NotFound
    if service["body_id"] != acting:
        raise NotFound if service["status"] == ServiceStatus.PROPOSED else ForeignBody
    return service
