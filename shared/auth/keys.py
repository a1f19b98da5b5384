"""Signing keys as PEM files in a folder: the last by name signs, all are published."""

import os
from datetime import UTC, datetime
from pathlib import Path

from joserfc.jwk import ECKey


def load_keys(folder: Path) -> list[ECKey]:
    """Private ES256 keys, oldest first; the file's stem is the key id. Empty when there are none."""
    return [ECKey.import_key(file.read_bytes(), {"kid": file.stem}) for file in sorted(folder.glob("*.pem"))]


def ensure_key(folder: Path) -> None:
    """Make a first key where there is none. Safe to call from several processes at once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not any(folder.glob("*.pem")):
        add_key(folder)


def add_key(folder: Path) -> str:
    """Add a key and make it the signing one; returns its id. Remove an old file only after a token's life."""
    kid = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    key = ECKey.generate_key("P-256", {"kid": kid})
    target = folder / f"{kid}.pem"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.as_pem(private=True))
    return kid
