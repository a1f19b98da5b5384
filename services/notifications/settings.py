"""Settings of notifications, read from `NOTIFICATIONS_…`."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="NOTIFICATIONS_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = 8105
    webhook_receivers: tuple[str, ...] = ()
    """Origins (`https://host[:port]`) webhooks may be sent to. Empty: none, so that no receiver can be used to
    reach addresses inside."""
