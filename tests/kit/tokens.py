"""An issuer for tests: real ES256 tokens, signed with a key made for the test."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import ECKey

from shared.auth.principal import Kind
from shared.auth.tokens import Grant, issue, key_set
from shared.clock import Clock, SystemClock

ISSUER, AUDIENCE = "https://ashar.kg", "ashar"


@dataclass
class Issuer:
    """Issues tokens as the registry does; `fetch` is what a service's key cache is given."""

    clock: Clock = field(default_factory=SystemClock)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "test"}))

    async def fetch(self) -> dict[str, Any]:
        return key_set([self.key])

    def token(
        self,
        *scopes: str,
        sub: UUID | None = None,
        org: UUID | None = None,
        roles: tuple[str, ...] = (),
        kind: Kind = Kind.PERSON,
        cid: UUID | None = None,
    ) -> str:
        grant = Grant(sub or uuid4(), kind, cid or uuid4(), org, roles, scopes)
        return issue(grant, self.key, issuer=ISSUER, audience=AUDIENCE, clock=self.clock)[0]

    def headers(self, *scopes: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(*scopes, **claims)}"}
