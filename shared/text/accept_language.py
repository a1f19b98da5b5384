"""Reads an Accept-Language header (RFC 9110 §12.5.4) into tags in order of preference."""

import re

from shared.text.tags import canonical_tag, is_language_tag

_HEADER_LIMIT = 1_000  # characters read
_RANGES_LIMIT = 32
_QUALITY = re.compile(r"[qQ][ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def parse_accept_language(header: str | None) -> list[str]:
    """The language ranges by falling quality, equal ones in the order given; ``*`` is kept, q=0 is dropped.

    What is malformed is skipped; never raises.
    """
    found: dict[str, float] = {}
    for item in (header or "")[:_HEADER_LIMIT].split(",")[:_RANGES_LIMIT]:
        tag, _, parameters = item.partition(";")
        quality = _quality(parameters)
        tag = tag.strip(" \t")
        if quality is None or not (tag == "*" or is_language_tag(tag)):
            continue
        found.setdefault(tag if tag == "*" else canonical_tag(tag), quality)
    return [tag for tag in sorted(found, key=lambda tag: -found[tag]) if found[tag] > 0]


def _quality(parameters: str) -> float | None:
    if not parameters.strip(" \t"):
        return 1.0
    match = _QUALITY.fullmatch(parameters.strip(" \t"))
    return float(match.group(1)) if match else None
