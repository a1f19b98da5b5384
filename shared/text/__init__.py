"""Multilingual text: language maps and tags, choosing a language, sort keys. Pure functions."""

from shared.text.accept_language import parse_accept_language
from shared.text.language_map import (
    FALLBACK,
    LanguageMap,
    Name,
    Picked,
    StateName,
    StateText,
    TextRule,
    missing,
    pick,
)
from shared.text.sorting import sort_key
from shared.text.tags import canonical_tag, is_language_tag

__all__ = [
    "FALLBACK",
    "LanguageMap",
    "Name",
    "Picked",
    "StateName",
    "StateText",
    "TextRule",
    "canonical_tag",
    "is_language_tag",
    "missing",
    "parse_accept_language",
    "pick",
    "sort_key",
]
