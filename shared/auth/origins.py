"""Who may say where a fact comes from."""

from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import FieldError, Invalid
from shared.values import Origin

OFFICIAL_ROLES = frozenset({"platform", "registrar", "adopter", "analyst", "municipality", "service"})
"""Roles that speak for the state or for the platform; everybody else reports as press or unofficial."""


def origin_error(uow: UnitOfWork, origin: Origin, pointer: str, *, by_scope: bool) -> FieldError | None:
    """Why the caller may not give a fact this origin; None where it may.

    `by_scope`: only those who speak for the state have the scope of this use case, so that no role is asked for."""
    if origin is Origin.DEMONSTRATION and uow.production:
        return FieldError(
            pointer, "This platform holds real data: no demonstration.", "demonstration_in_production"
        )
    if origin is Origin.OFFICIAL and not by_scope and not OFFICIAL_ROLES & uow.principal.roles:
        return FieldError(pointer, "You do not speak for the state.", "origin_not_yours")
    return None


def check_origin(
    uow: UnitOfWork, origin: Origin, pointer: str = "/origin", *, by_scope: bool = False
) -> None:
    """Raises Invalid (422) as `origin_error` says."""
    error = origin_error(uow, origin, pointer, by_scope=by_scope)
    if error is not None:
        raise Invalid(errors=[error])
