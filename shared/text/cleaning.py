"""What people type, as it is kept: composed (NFC), without signs nobody sees, refused where a sign would make it read
other than it is stored. The one way for every free text: titles, prose, language maps, cells of files."""

import re
import unicodedata

from pydantic_core import PydanticCustomError

LINE_BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085]")
_UNSEEN = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060\u3164\ufeff\uffa0"
"""Soft hyphens, spaces of no width, fillers: they come with what is pasted from a page and say nothing."""
_NOTHING_SEEN = re.compile(f"[{_UNSEEN}]")
_JOINER = re.compile("[\u200c\u200d]")
_LAST_ALPHABETIC = "\u052f"
"""Up to here Latin, Greek and Cyrillic, whose letters are not joined; beyond, joiners shape words and emoji."""
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

UNSEEN_CLASS = r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b-\u200d\u2060\u3164\ufeff\uffa0"
REFUSED_CLASS = r"\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u206f\ufff9-\ufffb"
"""Parts of a character class of JSON Schema, in the syntax that ECMAScript and Python share."""


def clean(text: str, *, multiline: bool = True) -> str:
    """The text as it is kept; empty if nothing of it is to be seen.

    Raises PydanticCustomError: `control_character`, `direction_override`, `invisible_character`."""
    if _NOTHING_SEEN.search(text):
        text = _NOTHING_SEEN.sub("", text)
    if not text.isprintable():
        text = _checked(_JOINER.sub(_kept_joiner, text), multiline=multiline)
    return unicodedata.normalize("NFC", text).strip()


def _kept_joiner(found: re.Match[str]) -> str:
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return found.group() if min(before or " ", after or " ") > _LAST_ALPHABETIC else ""


def _checked(text: str, *, multiline: bool) -> str:
    if multiline:
        text = LINE_BREAKS.sub("\n", text)
    for sign in text:
        category = unicodedata.category(sign)
        if category in {"Cc", "Cs", "Zl", "Zp"}:
            if not (multiline and sign in "\n\t"):
                raise PydanticCustomError("control_character", "Control characters are not allowed.")
        elif sign in _DIRECTIONS:
            raise PydanticCustomError(
                "direction_override", "Signs that turn the direction of writing are not allowed."
            )
        elif category == "Cf" and not _JOINER.match(sign):
            raise PydanticCustomError("invisible_character", "Invisible characters are not allowed.")
    return text
