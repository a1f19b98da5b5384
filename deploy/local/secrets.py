"""Passwords of the embedded run, made once and kept in its data folder (0600)."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def passwords(file: Path, names: Iterable[str]) -> dict[str, str]:
    """One password a name; missing ones are made and written before they are used."""
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known.update({name: secrets.token_urlsafe(24) for name in missing})
        draft = file.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            json.dump(known, output)
            output.flush()
            os.fsync(output.fileno())
        draft.replace(file)
    return known
