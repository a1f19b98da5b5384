"""Rules of campaigns: no I/O."""

from datetime import date
from enum import StrEnum

from shared.http.errors import Conflict, Invalid

DEFAULT_ANSWER_DAYS = 10
"""Working days a body has to answer a finding, where the campaign sets no other number."""


class CampaignState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class WrongCampaignState(Conflict):
    """The campaign's present state does not allow this."""

    code = "wrong_campaign_state"


_NEXT = {CampaignState.DRAFT: CampaignState.OPEN, CampaignState.OPEN: CampaignState.CLOSED}


def advance(current: str, wanted: CampaignState) -> CampaignState:
    """Raises WrongCampaignState unless `wanted` follows `current`: draft, open, closed."""
    if _NEXT.get(CampaignState(current)) is not wanted:
        raise WrongCampaignState(state=current)
    return wanted


def check_period(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise Invalid.at("/ends_on", "Must not be before starts_on.", "before_start")
