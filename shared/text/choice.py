"""Chooses the language in which a multilingual text is shown, and tells which languages it lacks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shared.text.tags import truncations

FALLBACK = ("ky", "ru", "en")
"""Languages tried when none of the reader's is there: the state language, the official one, English."""


class Picked(NamedTuple):
    """The text chosen for a reader; ``is_fallback`` says that it is not in the language asked for first."""

    value: str
    language: str
    is_fallback: bool


def pick(text: Mapping[str, str], accept: Sequence[str] = ()) -> Picked:
    """The text in the first of the accepted languages that is there, else in ky, ru, en, else in any.

    ``accept`` are tags in order of preference (``parse_accept_language``); ``*`` stands for the rest in our order, and
    so does an empty list. A tag is met by itself, by its beginnings (uz-Cyrl by uz) and by longer tags (uz by uz-Cyrl).
    Raises ValueError for a map without any language.
    """
    if not text:
        raise ValueError("there is no text to pick from")
    wanted = [tag for tag in accept if tag != "*"] if "*" not in accept else accept[: accept.index("*")]
    first = next(iter(wanted), FALLBACK[0])
    for tag in (*wanted, *FALLBACK, *sorted(text)):
        found = _find(text, tag)
        if found is not None:
            return Picked(text[found], found, is_fallback=found != _find(text, first))
    raise AssertionError("every language of the map was tried")


def _find(text: Mapping[str, str], wanted: str) -> str | None:
    by_lower = {tag.lower(): tag for tag in text}
    lowered = wanted.lower()
    for beginning in truncations(lowered):
        if beginning in by_lower:
            return by_lower[beginning]
    longer = sorted(tag for tag in by_lower if tag.startswith(f"{lowered}-"))
    return by_lower[longer[0]] if longer else None


def missing(text: Mapping[str, str], required: Iterable[str]) -> tuple[str, ...]:
    """Those of the required languages in which the text is not there, in the order given; uz-Cyrl counts as uz."""
    lowered = [tag.lower() for tag in text]
    return tuple(
        tag
        for tag in required
        if not any(have == tag.lower() or have.startswith(f"{tag.lower()}-") for have in lowered)
    )
