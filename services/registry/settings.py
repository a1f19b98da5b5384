"""Settings of the registry, read from `REGISTRY_…`."""

from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

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

    @model_validator(mode="after")
    def _no_development_login_in_production(self) -> Self:
        if self.production and self.development_login:
            raise ValueError("REGISTRY_DEVELOPMENT_LOGIN must not be set when ASHAR_ENV=production")
        return self
