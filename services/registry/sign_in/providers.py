"""The providers at work: their discovery documents and keys, fetched when needed and kept."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from services.registry.sign_in.settings import OutsideIssuer, secure
from shared.auth.jwks import OutsideKeys
from shared.http.client import fetch_json

FetchFrom = Callable[[str], Awaitable[dict[str, Any]]]

DISCOVERY_SECONDS = 3600.0


class WrongDiscovery(ValueError):
    """The discovery document is not this issuer's, or names no place for keys that can be trusted."""


class Provider:
    """One issuer. Its keys are asked for at most every five seconds, however many unknown ones tokens name."""

    def __init__(
        self,
        settings: OutsideIssuer,
        *,
        fetch: FetchFrom = fetch_json,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.client_ids = frozenset(settings.client_ids)
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys = OutsideKeys(self._fetch_keys, monotonic=monotonic)
        self._found: tuple[float, str] | None = None
        """When discovery was read, and where the keys are."""

    async def key(self, kid: str) -> ECKey | RSAKey | None:
        """Raises Unavailable (503, with Retry-After) when its keys were never seen and it does not answer."""
        return await self._keys.key(kid)

    async def _fetch_keys(self) -> dict[str, Any]:
        try:
            return await self._fetch(await self._place())
        except Exception:
            self._found = None  # they may have moved
            raise

    async def _place(self) -> str:
        if self.settings.jwks_url is not None:
            return self.settings.jwks_url
        if self._found is None or self._monotonic() - self._found[0] > DISCOVERY_SECONDS:
            document = await self._fetch(self.settings.discovery_url)
            self._found = (self._monotonic(), self._checked(document))
        return self._found[1]

    def _checked(self, document: dict[str, Any]) -> str:
        place = document.get("jwks_uri")
        if document.get("issuer") != self.settings.issuer or not isinstance(place, str):
            raise WrongDiscovery("discovery of another issuer")
        if secure(self.settings.issuer) and not secure(place):
            raise WrongDiscovery("keys without TLS")
        return place


class Providers:
    """All issuers of the settings, by their `iss`."""

    def __init__(
        self,
        issuers: Iterable[OutsideIssuer],
        *,
        fetch: FetchFrom = fetch_json,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._by_issuer = {
            settings.issuer: Provider(settings, fetch=fetch, monotonic=monotonic) for settings in issuers
        }

    @property
    def settings(self) -> list[OutsideIssuer]:
        return [provider.settings for provider in self._by_issuer.values()]

    def of(self, issuer: object) -> Provider | None:
        return self._by_issuer.get(issuer) if isinstance(issuer, str) else None
