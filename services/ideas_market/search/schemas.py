"""Answers of the search."""

from enum import StrEnum

from pydantic import Field

from services.ideas_market.ideas.schemas import IdeaSummary


class Match(StrEnum):
    """How an idea was found: by the words asked for; by words that have other letters in their place, as a keyboard
    without ң, ө and ү makes them; or by words spelt much like them."""

    EXACT = "exact"
    LETTERS = "letters"
    TYPO = "typo"


class IdeaFound(IdeaSummary):
    match: Match | None = Field(None, description="Absent where no word was asked for")
