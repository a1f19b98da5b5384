"""What an ID token has to say before a person is believed (OpenID Connect Core 1.0 §3.1.3.7). No I/O."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

MAX_SUBJECT = 255
_LAST_SECOND = 253_402_300_799  # of the year 9999; also what NaN and infinity are not below


class Reason(StrEnum):
    """Why an ID token was refused: for the log, never with the token or what it says of the person."""

    MALFORMED = "malformed"
    UNKNOWN_ISSUER = "unknown_issuer"
    ALGORITHM = "algorithm_not_allowed"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "bad_signature"
    AUDIENCE = "wrong_audience"
    PARTY = "wrong_authorized_party"
    EXPIRED = "expired"
    TIMES = "times_missing"
    FUTURE = "issued_in_future"
    NOT_YET = "not_valid_yet"
    TOO_OLD = "too_old"
    NONCE = "wrong_nonce"
    REPLAYED = "nonce_replayed"
    SUBJECT = "subject_missing"


class Refused(Exception):
    """The ID token is not believed."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token is held against."""

    client_ids: frozenset[str]
    nonce: str
    now: datetime
    leeway: timedelta
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider names. Personal data. `believed_until`: the last moment its token could be shown again."""

    issuer: str
    subject: str
    believed_until: datetime


def check_claims(issuer: str, claims: Mapping[str, Any], expected: Expected) -> Identity:
    """Whom the claims of a token with a good signature name. Raises Refused."""
    _check_audience(claims, expected.client_ids)
    believed_until = _check_times(claims, expected)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Refused(Reason.NONCE)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise Refused(Reason.SUBJECT)
    return Identity(issuer, subject, believed_until)


def _check_audience(claims: Mapping[str, Any], client_ids: frozenset[str]) -> None:
    """Every audience must be ours: a token that others may use too could have been taken from them."""
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        raise Refused(Reason.AUDIENCE)
    if not client_ids.issuperset(named):
        raise Refused(Reason.AUDIENCE)
    party = claims.get("azp")
    if party is None:
        if len(named) > 1:
            raise Refused(Reason.PARTY)
    elif not isinstance(party, str) or party not in client_ids:
        raise Refused(Reason.PARTY)


def _check_times(claims: Mapping[str, Any], expected: Expected) -> datetime:
    now, leeway = expected.now.timestamp(), expected.leeway.total_seconds()
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    not_before = _moment(claims, "nbf") if "nbf" in claims else issued
    last = min(expires, issued + expected.max_age.total_seconds()) + leeway
    if issued - leeway > now:
        raise Refused(Reason.FUTURE)
    if not_before - leeway > now:
        raise Refused(Reason.NOT_YET)
    if expires + leeway <= now:
        raise Refused(Reason.EXPIRED)
    if last <= now:
        raise Refused(Reason.TOO_OLD)
    return datetime.fromtimestamp(last, UTC)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    """Seconds since the epoch (RFC 7519 §2, NumericDate)."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise Refused(Reason.TIMES)
    return float(value)


def hash_nonce(issuer: str, nonce: str) -> bytes:
    """What is kept of a nonce that was used."""
    return hashlib.sha256(f"{issuer}\n{nonce}".encode()).digest()
