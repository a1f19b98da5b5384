"""Identifiers: time-ordered UUIDv7 for new rows, deterministic UUIDv5 for seeds."""

import os
import time
from uuid import UUID, uuid5

SEED_NAMESPACE = UUID("6f1d3c1e-6a5e-5e0b-9a54-61736861720a")


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (random >> 68) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)


def uuid7_text() -> str:
    """The same as text, without the object: a third of the price, paid with every request."""
    stamp, random = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10).hex()
    variant = "89ab"[int(random[3], 16) & 3]
    return f"{stamp[:8]}-{stamp[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"


def seed_id(kind: str, code: str) -> UUID:
    """The same id for the same seeded thing on every machine, so seeding twice changes nothing."""
    return uuid5(SEED_NAMESPACE, f"{kind}:{code}")
