"""Language tags (BCP-47, RFC 5646): syntax and canonical case. Knows no list of languages."""

import re

TAG_LENGTH_LIMIT = 35
TAG_PATTERN = (
    r"[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}"  # language and extended language
    r"(-[A-Za-z]{4})?"  # script, as in uz-Cyrl
    r"(-([A-Za-z]{2}|[0-9]{3}))?"  # region
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    r"(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*"  # extensions
    r"(-[xX](-[A-Za-z0-9]{1,8})+)?"  # private use
)
_TAG = re.compile(TAG_PATTERN)


def is_language_tag(tag: str) -> bool:
    """Whether ``tag`` is a well-formed language tag, in any case."""
    return len(tag) <= TAG_LENGTH_LIMIT and _TAG.fullmatch(tag) is not None


def canonical_tag(tag: str) -> str:
    """The tag in the case RFC 5646 recommends: ky, uz-Cyrl, ru-KG. Raises ValueError for a malformed one."""
    if not is_language_tag(tag):
        raise ValueError(f"{tag[:TAG_LENGTH_LIMIT]!r} is not a BCP-47 language tag")
    first, *rest = tag.lower().split("-")
    parts = [first]
    in_extension = False
    for part in rest:
        in_extension = in_extension or len(part) == 1
        parts.append(part if in_extension else _cased(part))
    return "-".join(parts)


def _cased(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part


def truncations(tag: str) -> list[str]:
    """The tag and its ever shorter beginnings, as RFC 4647 looks them up: uz-Cyrl-UZ, uz-Cyrl, uz."""
    parts = tag.split("-")
    found = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [beginning for beginning in found if beginning == tag or len(beginning.rpartition("-")[2]) > 1]
