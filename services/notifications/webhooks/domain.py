"""Signing and the rules of receivers. No I/O.

Source: Standard Webhooks 1.0 (signature `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`)."""

import base64
import hashlib
import hmac
import secrets
from enum import StrEnum
from urllib.parse import urlsplit

from shared.http.errors import Invalid

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret
MAX_ATTEMPTS = 10


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


def new_secret() -> str:
    """192 bits, in the form receivers' libraries take."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header. `timestamp` in seconds. Raises ValueError for a malformed secret."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    mac = hmac.new(key, b"%b.%d.%b" % (message_id.encode(), timestamp, body), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def origin_of(url: str) -> str:
    """`scheme://host:port`. Raises Invalid when the address is none a webhook can be sent to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid.at("/url", "This is no address.", "malformed_url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise Invalid.at("/url", "An http or https address without user and fragment.", "malformed_url")
    return f"{parts.scheme}://{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"


def check_receiver(url: str, allowed: tuple[str, ...]) -> None:
    """Raises Invalid unless the operator allows this origin."""
    if origin_of(url) not in {origin_of(origin) for origin in allowed}:
        raise Invalid.at("/url", "The operator does not allow this receiver.", "receiver_not_allowed")


def succeeded(status: int) -> bool:
    return 200 <= status < 300


def final(status: int) -> bool:
    """Whether asking again would not help: the receiver is gone."""
    return status == 410
