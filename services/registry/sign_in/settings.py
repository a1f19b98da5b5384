"""The providers persons may sign in with, as settings name them."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures made with a private key alone: neither `none`, nor HMAC, whose key would be the public one."""


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) address without query and fragment")
    return value


def secure(address: str) -> bool:
    """Whether nobody on the way can change what is answered there."""
    return urlsplit(address).scheme == "https"


Address = Annotated[str, AfterValidator(_address)]


class OutsideIssuer(BaseModel):
    """An OpenID Connect provider, e.g. ESI: `iss` as it stands in its tokens, and our clients registered there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Address
    client_ids: Annotated[tuple[str, ...], Field(min_length=1)]
    jwks_url: Address | None = None
    """Where its keys are; read from its discovery document without."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    leeway: timedelta = Field(timedelta(seconds=60), ge=timedelta(0), le=timedelta(minutes=5))
    """How far its clock may be off."""
    max_age: timedelta = Field(timedelta(minutes=10), gt=timedelta(0), le=timedelta(hours=24))
    """How long after it was issued an ID token is taken."""

    @property
    def discovery_url(self) -> str:
        """OpenID Connect Discovery 1.0 §4."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
