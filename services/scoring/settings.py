"""Settings of scoring, read from `SCORING_…`."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="SCORING_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = 8103
    max_body_bytes: int = 8 * 1024 * 1024
    """Room for an import of 20,000 rows with long sources."""
