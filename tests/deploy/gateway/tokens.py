"""Tokens as the platform's issuer makes them, and the wrong ones."""

import time
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER, AUDIENCE = "https://ashar.kg", "ashar"


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": str(uuid4()), "alg": "ES256", "use": "sig"})


class Issuer:
    """Signs with the last of its keys and publishes all of them."""

    def __init__(self) -> None:
        self.keys = [new_key()]

    def jwks(self) -> dict[str, Any]:
        return dict(KeySet(list(self.keys)).as_dict(private=False))

    def token(self, sub: str = "alice", *, key: ECKey | None = None, **claims: Any) -> str:
        """A good token, unless claims (None leaves one out) or the key say otherwise."""
        signing = key or self.keys[-1]
        now = int(time.time())
        content = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": sub,
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            **claims,
        }
        content = {name: value for name, value in content.items() if value is not None}
        header = {"alg": "ES256", "kid": signing.kid, "typ": "at+jwt"}
        return jwt.encode(header, content, signing, algorithms=["ES256"])


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
