"""Whether an ID token is what it says: its issuer one of ours, its signature that issuer's, its claims for us."""

import base64
from datetime import datetime
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError

from services.registry.sign_in.domain import Expected, Identity, Reason, Refused, check_claims
from services.registry.sign_in.providers import Provider, Providers
from shared.auth.tokens import jwt_header


async def verify(providers: Providers, token: str, nonce: str, now: datetime) -> Identity:
    """Whom the token names. Raises Refused; Unavailable when the issuer's keys cannot be had."""
    header, claims = _unverified(token)
    provider = providers.of(claims.get("iss"))
    if provider is None:
        raise Refused(Reason.UNKNOWN_ISSUER)
    claims = await _signed(provider, header, token)
    settings = provider.settings
    if claims.get("iss") != settings.issuer:  # of two equal names in one object, readers may take either
        raise Refused(Reason.UNKNOWN_ISSUER)
    expected = Expected(provider.client_ids, nonce, now, settings.leeway, settings.max_age)
    return check_claims(settings.issuer, claims, expected)


async def _signed(provider: Provider, header: dict[str, Any], token: str) -> dict[str, Any]:
    """Claims under a good signature. The algorithm is the settings' to choose, not the token's."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in provider.settings.algorithms:
        raise Refused(Reason.ALGORITHM)
    key = await provider.key(kid) if isinstance(kid, str) else None
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY)
    try:
        return dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise Refused(Reason.SIGNATURE) from error


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they are written; nothing of them is believed yet."""
    try:
        header = jwt_header(token)
        body = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED) from error
    if not isinstance(claims, dict):
        raise Refused(Reason.MALFORMED)
    return header, claims
