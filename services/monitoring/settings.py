"""Settings of monitoring, read from `MONITORING_…`."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="MONITORING_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = 8102
