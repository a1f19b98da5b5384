"""Multilingual text: language maps and tags, choosing a language, sort keys. Pure functions."""

from shared.text.accept_language import parse_accept_language
from shared.text.choice import FALLBACK, Picked, missing, pick
from shared.text.language_map import LanguageMap, Name, StateName, StateText, Text, TextRule
from shared.text.sorting import sort_key
from shared.text.tags import canonical_tag, is_language_tag

__all__ = [
    "FALLBACK",
    "LanguageMap",
    "Name",
    "Picked",
    "StateName",
    "StateText",
    "Text",
    "TextRule",
    "canonical_tag",
    "is_language_tag",
    "missing",
    "parse_accept_language",
    "pick",
    "sort_key",
]
