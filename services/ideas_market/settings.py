"""Settings of the ideas market, read from `IDEAS_MARKET_…`."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="IDEAS_MARKET_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = 8104
    reservation_period: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=30)
    """How long a donor holds an idea before it goes back to the market."""
