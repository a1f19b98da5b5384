"""Finds telephone numbers and e-mail addresses in texts that everybody will read. Names it cannot find."""

import re

_EMAIL = re.compile(r"[^\s@<>(),;:]+@[^\s@<>(),;:]+\.[^\W\d_]{2,}")
# Kyrgyz numbers, with the country's code or the trunk's zero and nine digits, however they are set apart; and
# international ones after a plus. Sums of money, dates and numbers of acts have neither.
_GAP = r"[\s\u00a0().\-‐–]{0,3}"
_PHONE = re.compile(
    rf"(?<![\d.,])(?:\+\d(?:{_GAP}\d){{8,13}}|996(?:{_GAP}\d){{9}}|0(?:{_GAP}[2-9])(?:{_GAP}\d){{8}})(?![\d])"
)


def names_a_contact(text: str) -> bool:
    """Whether the text holds something that looks like a telephone number or an e-mail address."""
    return bool(_EMAIL.search(text) or _PHONE.search(text))
