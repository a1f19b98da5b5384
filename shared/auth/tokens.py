"""Access tokens of the platform: ES256 JWTs of ten minutes, signed by one issuer, checked everywhere."""

import base64
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.auth.jwks import JwksCache
from shared.auth.principal import Kind, Principal
from shared.clock import Clock
from shared.http.errors import InvalidToken

ALGORITHM = "ES256"
LIFETIME = timedelta(minutes=10)
LEEWAY_SECONDS = 30
MAX_TOKEN_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say. `cid` is the credential it comes from; `memberships` are those its roles rest on,
    and `until` is when the first of them ends."""

    sub: UUID
    kind: Kind
    cid: UUID
    org: UUID | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    memberships: tuple[UUID, ...] = ()
    until: datetime | None = None


def issue(grant: Grant, key: ECKey, *, issuer: str, audience: str, clock: Clock) -> tuple[str, int]:
    """A signed token and its life in seconds: ten minutes, or less where a membership ends before."""
    now = int(clock.now().timestamp())
    seconds = int(LIFETIME.total_seconds())
    if grant.until is not None:
        seconds = max(1, min(seconds, int(grant.until.timestamp()) - now))
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "jti": str(uuid4()),
        "sub": str(grant.sub),
        "kind": str(grant.kind),
        "cid": str(grant.cid),
        "roles": list(grant.roles),
        "scope": " ".join(grant.scopes),
    }
    if grant.org is not None:
        claims["org"] = str(grant.org)
    if grant.memberships:
        claims["memberships"] = [str(membership) for membership in grant.memberships]
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM]), seconds


class TokenVerifier:
    """Checks tokens against the issuer's keys. A checked token stays cached until it expires: one ES256
    check costs 0.29 ms, more than everything else a read does."""

    def __init__(
        self, keys: JwksCache, *, issuer: str, audience: str, clock: Clock, cache_size: int = 10_000
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._size = cache_size
        self._checked: OrderedDict[str, tuple[int, Principal]] = OrderedDict()
        self.revoked: set[UUID] = set()

    async def principal(self, token: str) -> Principal:
        """Who the token speaks for. Raises InvalidToken (401)."""
        found = self._checked.get(token)
        now = int(self._clock.now().timestamp())
        if found is not None and found[0] > now:
            principal = found[1]
        else:
            expires, principal = await self._check(token, now)
            self._remember(token, expires, principal)
        if principal.cid in self.revoked or not self.revoked.isdisjoint(principal.memberships):
            raise InvalidToken(code="credential_revoked", detail="The credential of this token was revoked.")
        return principal

    def _remember(self, token: str, expires: int, principal: Principal) -> None:
        self._checked[token] = (expires, principal)
        self._checked.move_to_end(token)
        while len(self._checked) > self._size:
            self._checked.popitem(last=False)

    async def _check(self, token: str, now: int) -> tuple[int, Principal]:
        if len(token) > MAX_TOKEN_BYTES:
            raise InvalidToken
        claims = await self._verified_claims(token)
        if claims.get("iss") != self._issuer or not _names(claims.get("aud"), self._audience):
            raise InvalidToken(detail="The token was issued by or for someone else.")
        expires, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires, int) or not isinstance(not_before, int):
            raise InvalidToken(detail="The token has no expiry.")
        if expires + LEEWAY_SECONDS <= now or not_before - LEEWAY_SECONDS > now:
            raise InvalidToken(code="token_expired", detail="The token has expired or is not valid yet.")
        return expires + LEEWAY_SECONDS, _principal(claims)

    async def _verified_claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt_header(token)
            key = await self._keys.key(str(header.get("kid", "")))
            if header.get("alg") != ALGORITHM or key is None:
                raise InvalidToken(detail="The token is not signed with a key of this platform.")
            return dict(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise InvalidToken from error


def jwt_header(token: str) -> dict[str, Any]:
    """The unverified header of a compact JWS. Raises ValueError when it is none."""
    head, _, rest = token.partition(".")
    if not head or rest.count(".") != 1:
        raise ValueError("not a compact JWS")
    decoded = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    if not isinstance(decoded, dict):
        raise TypeError("header is not an object")
    return decoded


def key_set(keys: Iterable[ECKey]) -> dict[str, Any]:
    """The public JWKS document of signing keys."""
    return {"keys": [key.as_dict(private=False, use="sig", alg=ALGORITHM) for key in keys]}


def _names(audience: object, wanted: str) -> bool:
    return wanted in audience if isinstance(audience, list) else audience == wanted


_TOKEN_KINDS = {str(kind): kind for kind in Kind if kind is not Kind.ANONYMOUS}


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        kind = _TOKEN_KINDS[claims["kind"]]
        return Principal(
            sub=UUID(claims["sub"]),
            kind=kind,
            org=UUID(claims["org"]) if "org" in claims else None,
            roles=frozenset(map(str, claims.get("roles", []))),
            scopes=frozenset(str(claims.get("scope", "")).split()),
            cid=UUID(claims["cid"]),
            memberships=frozenset(map(UUID, claims.get("memberships", ()))),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidToken(detail="The token lacks a claim of this platform.") from error
