"""The issuer's public keys: fetched, refreshed, rotated, and kept for a day when the issuer is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import structlog
from joserfc.jwk import ECKey, KeySet, RSAKey

from shared.http.errors import Unavailable

Fetch = Callable[[], Awaitable[dict[str, Any]]]

REFRESH_SECONDS = 600.0
STALE_SECONDS = 86_400.0
UNKNOWN_KEY_SECONDS = 5.0

K = TypeVar("K", ECKey, ECKey | RSAKey)

log = structlog.get_logger("auth")


class KeyCache(Generic[K]):
    """One fetch at a time; an unknown `kid` asks again, but not more often than every five seconds."""

    def __init__(
        self, fetch: Fetch, read: Callable[[KeySet], Mapping[str, K]], monotonic: Callable[[], float]
    ) -> None:
        self._fetch = fetch
        self._read: Callable[[KeySet], Mapping[str, K]] = read
        self._monotonic = monotonic
        self._keys: Mapping[str, K] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> K | None:
        """The key of this id, or None when the issuer has none. Raises Unavailable (503) when the issuer
        was never reached or has been away for more than a day."""
        age = self._monotonic() - self._fetched_at
        if kid in self._keys and age < REFRESH_SECONDS:
            return self._keys[kid]
        await self._refresh(wanted=kid)
        if self._monotonic() - self._fetched_at > STALE_SECONDS:
            raise Unavailable(
                code="issuer_unreachable",
                detail="The keys of the token issuer are not known yet.",
                headers={"Retry-After": f"{UNKNOWN_KEY_SECONDS:.0f}"},
            )
        return self._keys.get(kid)

    async def _refresh(self, wanted: str) -> None:
        async with self._lock:
            now = self._monotonic()
            known = wanted in self._keys and now - self._fetched_at < REFRESH_SECONDS
            if known or now - self._tried_at < UNKNOWN_KEY_SECONDS:
                return
            self._tried_at = now
            try:
                document = await self._fetch()
                found = KeySet.import_key_set(document)  # type: ignore[arg-type]  # the library's TypedDict
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the keys known so far stay in force
                log.info("keys of an issuer not fetched", error=type(error).__name__)
                return
            self._keys = self._read(found)
            self._fetched_at = now


class JwksCache(KeyCache[ECKey]):
    """Keys of the platform's own issuer: ES256 alone."""

    def __init__(self, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(fetch, _elliptic, monotonic)


class OutsideKeys(KeyCache[ECKey | RSAKey]):
    """Keys of an issuer outside: what is not for signatures is left out."""

    def __init__(self, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(fetch, _signing, monotonic)


def _elliptic(found: KeySet) -> dict[str, ECKey]:
    return {str(key.kid): key for key in found.keys if isinstance(key, ECKey) and key.kid}


def _signing(found: KeySet) -> dict[str, ECKey | RSAKey]:
    return {
        str(key.kid): key
        for key in found.keys
        if isinstance(key, ECKey | RSAKey) and key.kid and key.get("use", "sig") == "sig"
    }
