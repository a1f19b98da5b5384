"""One sign-in from the request to its commit: the provider's keys first, for they may take seconds; then the
transaction."""

import structlog

from services.registry.sessions.domain import Lives, Use
from services.registry.settings import Settings
from services.registry.sign_in import service
from services.registry.sign_in.domain import Refused
from services.registry.sign_in.id_token import verify
from services.registry.sign_in.providers import Providers
from services.registry.sign_in.service import InvalidGrant, SignedIn
from shared.auth.principal import ANONYMOUS
from shared.db.unit_of_work import Trace, UnitOfWork
from shared.service import Runtime

log = structlog.get_logger("sign_in")


async def by_id_token(
    kit: Runtime, trace: Trace, token: str, nonce: str, organisation: str | None
) -> SignedIn:
    """Raises InvalidGrant, NotAMember, Unavailable. What was wrong is told to the log, in one word."""
    try:
        identity = await verify(providers(kit), token, nonce, kit.clock.now())
        async with UnitOfWork(kit.database, ANONYMOUS, kit.clock, trace) as uow:
            return await service.exchange(uow, identity, nonce, organisation, _lives(kit))
    except Refused as refused:
        log.warning("sign-in refused", reason=refused.reason.value, trace_id=trace.trace_id)
        raise InvalidGrant from None


async def by_refresh_token(kit: Runtime, trace: Trace, token: str, organisation: str | None) -> SignedIn:
    """Raises InvalidGrant, NotAMember."""
    async with UnitOfWork(kit.database, ANONYMOUS, kit.clock, trace) as uow:
        found = await service.refresh(uow, token, organisation, _lives(kit))
    if isinstance(found, Use):
        log.warning("refresh refused", reason=found.value, trace_id=trace.trace_id)
        raise InvalidGrant
    return found


def providers(kit: Runtime) -> Providers:
    """Made once a process: their keys stay in it."""
    if "providers" not in kit.extras:
        kit.extras["providers"] = Providers(_settings(kit).sign_in_issuers)
    found: Providers = kit.extras["providers"]
    return found


def _lives(kit: Runtime) -> Lives:
    settings = _settings(kit)
    return Lives(settings.session_life, settings.session_idle)


def _settings(kit: Runtime) -> Settings:
    assert isinstance(kit.settings, Settings)
    return kit.settings
