"""Reads the texts people agree to: one file a version, `<purpose>.<version>.json`, `{"ky": …, "ru": …, "en": …}`."""

import json
from pathlib import Path

from shared.people.kinds import ConsentText

LANGUAGES = {"ky", "ru", "en"}


def consent_texts(folder: Path) -> tuple[ConsentText, ...]:
    """Sorted by purpose and version, so the last of a purpose is the present one. Raises ValueError for a file that
    lacks a language."""
    found = []
    for file in sorted(folder.glob("*.json")):
        purpose, _, version = file.stem.partition(".")
        text = json.loads(file.read_text(encoding="utf-8"))
        if not version or text.keys() != LANGUAGES:
            raise ValueError(f"{file} is not the text of a consent in {sorted(LANGUAGES)}")
        found.append(ConsentText(purpose, version, text))
    return tuple(found)
