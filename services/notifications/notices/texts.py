"""Sentences of notices, one JSON file a language in `locales/`, keyed `notice.<event>.title|body`."""

import json
from collections.abc import Mapping
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locales" / "notices"
LANGUAGES = ("ky", "ru", "en")
FALLBACK = {"ky": ("ky", "ru", "en"), "ru": ("ru", "ky", "en"), "en": ("en", "ru", "ky")}

_SENTENCES: dict[str, dict[str, str]] = {
    language: json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES
}


def sentence(key: str, values: Mapping[str, str | dict[str, str]]) -> dict[str, str]:
    """The sentence in each language. A value that is a language map gives its own language, else the nearest.

    Raises KeyError when a sentence or a value is missing."""
    return {
        language: _SENTENCES[language][key].format(
            **{name: _in_language(value, language) for name, value in values.items()}
        )
        for language in LANGUAGES
    }


def _in_language(value: str | dict[str, str], language: str) -> str:
    if isinstance(value, str):
        return value
    for candidate in FALLBACK[language]:
        if candidate in value:
            return value[candidate]
    return next(iter(value.values()), "—")
