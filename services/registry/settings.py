"""Settings of the registry, read from `REGISTRY_…`."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from services.registry.sign_in.settings import OutsideIssuer, secure
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="REGISTRY_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = 8101
    signing_keys: Path = Path("var/keys")
    """Folder of ES256 private keys (PEM). The last by name signs; all are published, so keys can be rotated."""
    development_login: bool = False
    """Tokens for any role without a credential. For the embedded run; cannot exist in production."""

    sign_in_issuers: tuple[OutsideIssuer, ...] = ()
    """OpenID Connect providers persons sign in with, as JSON: `[{"issuer": "https://…", "client_ids": ["…"]}]`."""
    session_life: timedelta = Field(timedelta(days=30), gt=timedelta(0))
    """From one sign-in with the provider to the next, whatever is done in between."""
    session_idle: timedelta = Field(timedelta(days=7), gt=timedelta(0))
    """How long a session may rest unused."""

    @model_validator(mode="after")
    def _no_development_login_in_production(self) -> Self:
        if self.production and self.development_login:
            raise ValueError("REGISTRY_DEVELOPMENT_LOGIN must not be set when ASHAR_ENV=production")
        return self

    @model_validator(mode="after")
    def _one_provider_of_a_name(self) -> Self:
        names = [provider.issuer for provider in self.sign_in_issuers]
        if len(set(names)) < len(names):
            raise ValueError("REGISTRY_SIGN_IN_ISSUERS names an issuer twice")
        return self

    @model_validator(mode="after")
    def _sign_in_over_tls_in_production(self) -> Self:
        addresses = [
            address
            for provider in self.sign_in_issuers
            for address in (provider.issuer, provider.jwks_url or provider.issuer)
        ]
        if self.production and not all(map(secure, addresses)):
            raise ValueError("REGISTRY_SIGN_IN_ISSUERS must be https in production")
        return self
