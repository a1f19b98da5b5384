"""How long a session lives and what its refresh tokens are. No I/O."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PREFIX = "art_"
"""So that scanners of leaked secrets know one when they see it."""


class EndReason(StrEnum):
    SIGNED_OUT = "signed_out"
    REFRESH_REUSED = "refresh_reused"


class Use(StrEnum):
    """What a refresh token is good for when it is shown."""

    GOOD = "good"
    REUSED = "refresh_reused"
    OVER = "session_over"


@dataclass(frozen=True, slots=True)
class Lives:
    """`session`: from sign-in to the next one, whatever is done. `idle`: how long it may rest unused."""

    session: timedelta
    idle: timedelta


def new_refresh_token() -> tuple[str, bytes]:
    """A token to hand out and the hash to keep; 256 bits, so one round of SHA-256 is enough."""
    token = PREFIX + secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def use_of(
    *,
    used_at: datetime | None,
    expires_at: datetime,
    ended_at: datetime | None,
    over_at: datetime,
    now: datetime,
) -> Use:
    """A used token of a living session is the thief's or the victim's: nobody can tell, so both are out.

    `expires_at` is the token's, `over_at` the session's."""
    if ended_at is not None or now >= over_at:
        return Use.OVER
    if used_at is not None:
        return Use.REUSED
    return Use.OVER if now >= expires_at else Use.GOOD
