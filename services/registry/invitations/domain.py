"""What an invitation is good for, and the code that takes it. No I/O."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from shared.http.errors import Invalid

LONGEST = timedelta(days=30)
USUAL = timedelta(days=14)
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without characters that are mistaken for each other when a code is read out or copied by hand."""
_GROUPS, _LETTERS = 5, 5


class InvitationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


def new_code() -> tuple[str, bytes]:
    """A code to show once and the hash to keep: 125 random bits, so one round of SHA-256 is enough."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))
    code = "-".join(groups)
    return code, hash_code(code)


def hash_code(code: str) -> bytes:
    """The same for a code that was typed in small letters or without its dashes."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def state_of(
    *, accepted_at: datetime | None, revoked_at: datetime | None, expires_at: datetime, now: datetime
) -> InvitationState:
    if accepted_at is not None:
        return InvitationState.ACCEPTED
    if revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.OPEN if now < expires_at else InvitationState.EXPIRED


def expiry(wanted: datetime | None, now: datetime) -> datetime:
    """Raises Invalid for one in the past or too far off."""
    if wanted is None:
        return now + USUAL
    if not now < wanted <= now + LONGEST:
        detail = f"Must be in the future and at most {LONGEST.days} days off."
        raise Invalid.at("/expires_at", detail, "not_after_now", days=LONGEST.days)
    return wanted
