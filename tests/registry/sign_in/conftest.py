"""A registry that takes the ID tokens of a provider of the test's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.access.schemas import EXCHANGE, ID_TOKEN
from services.registry.settings import Settings
from services.registry.sign_in.providers import Providers
from services.registry.spec import SPEC
from shared.auth.jwks import JwksCache
from shared.auth.principal import Principal
from shared.auth.tokens import TokenVerifier
from shared.clock import FixedClock
from tests.kit.outside_issuer import CLIENT, OutsideIssuer, outside_issuer
from tests.kit.service import RunningService, StartService

_NUMBERS = count(1)


def new_nonce() -> str:
    return f"nonce-{next(_NUMBERS):016d}"


@pytest.fixture
async def provider(clock: FixedClock) -> AsyncIterator[OutsideIssuer]:
    async with outside_issuer(clock) as running:
        yield running


@dataclass
class Ticking:
    """Seconds of `time.monotonic`, which pass when the test says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


@dataclass(repr=False)
class Desk:
    """Where persons sign in: the registry, the provider, and the tokens that come of both."""

    registry: RunningService
    provider: OutsideIssuer
    verifier: TokenVerifier
    people: dict[str, UUID] = field(default_factory=dict)

    async def exchange(self, id_token: str, nonce: str, **fields: Any) -> httpx.Response:
        body = {
            "grant_type": EXCHANGE,
            "subject_token": id_token,
            "subject_token_type": ID_TOKEN,
            "nonce": nonce,
            **fields,
        }
        return await self.registry.client.post("/v1/tokens", json=body)

    async def sign_in(self, subject: str = "21504199600123", **fields: Any) -> dict[str, Any]:
        nonce = new_nonce()
        answer = await self.exchange(self.provider.id_token(nonce, sub=subject), nonce, **fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        self.people[subject] = (await self.who(found)).actor()
        return found

    async def refresh(self, token: str, **fields: Any) -> httpx.Response:
        body = {"grant_type": "refresh_token", "refresh_token": token, **fields}
        return await self.registry.client.post("/v1/tokens", json=body)

    async def who(self, answer: dict[str, Any]) -> Principal:
        """What the token says to another service."""
        return await self.verifier.principal(answer["access_token"])

    async def grant(self, person: UUID, organisation: UUID, role: str, **changes: Any) -> UUID:
        """A membership, given by the organisation's administrator."""
        made = await self.registry.client.post(
            f"/v1/organisations/{organisation}/memberships",
            json={"person_id": str(person), "role": role, "valid_from": "2026-01-01", **changes},
            headers=self.registry.headers(
                "registry:memberships:write", org=organisation, roles=("administrator",), sub=uuid4()
            ),
        )
        assert made.status_code == 201, made.text
        return UUID(made.json()["id"])


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    """For requests to the registry of `desk`, which trusts the tokens it issues."""
    return {"Authorization": f"Bearer {answer['access_token']}"}


@pytest.fixture
async def desk(
    start_service: StartService,
    clock: FixedClock,
    provider: OutsideIssuer,
    ticking: Ticking,
    tmp_path: Path,
) -> Desk:
    issuers = [{"issuer": provider.url, "client_ids": [CLIENT, "ashar-mobile"]}]
    registry = await start_service(SPEC, clock=clock, signing_keys=tmp_path / "keys", sign_in_issuers=issuers)
    settings = registry.runtime.settings
    assert isinstance(settings, Settings)
    registry.runtime.extras["providers"] = Providers(settings.sign_in_issuers, monotonic=ticking)

    async def own_keys() -> dict[str, Any]:
        """The registry's, and the test's own issuer beside them."""
        document: dict[str, Any] = (await registry.client.get("/v1/.well-known/jwks.json")).json()
        return {"keys": [*document["keys"], *(await registry.issuer.fetch())["keys"]]}

    keys = JwksCache(own_keys)
    registry.runtime.verifier._keys = keys
    verifier = TokenVerifier(keys, issuer=settings.issuer, audience=settings.audience, clock=clock)
    return Desk(registry, provider, verifier)
