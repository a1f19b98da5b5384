"""Writes tokens as the text form of a Postgres ``tsvector``; knows the form's limits, nothing of SQL."""

from collections.abc import Iterable
from typing import Literal

from shared.search.analysis import FOLDED, Token, folded_lexemes

Weight = Literal["A", "B", "C", "D"]

_LAST_POSITION = 16_383
_POSITIONS_PER_LEXEME = 255
_BYTES = 900_000  # of 1,048,575 that Postgres takes
_FIELD_GAP = 10  # words between two fields, so that no phrase reaches over a border


def tsvector_literal(fields: Iterable[tuple[Weight, Iterable[Token]]]) -> str:
    """The tokens of several fields as one ``tsvector`` text, to be bound as a parameter and cast.

    A word's stem has the weight of its field, its folded forms weight D. Stop words are left out but keep their place, so
    that phrases keep their distances; so are words beyond the type's limits (1 MB, 255
    places of one lexeme).
    """
    places: dict[str, list[str]] = {}
    size = 0
    offset = 0
    for weight, tokens in fields:
        position = offset
        for token in tokens:
            position = min(offset + token.position, _LAST_POSITION)
            if token.stop:
                continue
            for lexeme in (token.stem, *folded_lexemes(token.stem, token.folded)):
                listed = places.setdefault(lexeme, [])
                if len(listed) < _POSITIONS_PER_LEXEME and size < _BYTES:
                    listed.append(f"{position}{'D' if lexeme.startswith(FOLDED) else weight}")
                    size += 2 if len(listed) > 1 else len(lexeme.encode()) + 8
        offset = position + _FIELD_GAP
    return " ".join(f"{quoted(lexeme)}:{','.join(listed)}" for lexeme, listed in places.items() if listed)


def quoted(lexeme: str) -> str:
    """A lexeme between quotes, for ``tsvector`` and ``tsquery`` text alike."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
