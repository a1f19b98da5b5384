"""Search text: letters, stems, query language. Pure functions; SQL and facets are the caller's."""

from shared.search.analysis import FORM, Token, analyse
from shared.search.folding import fold, trigram_key
from shared.search.languages import guess_language
from shared.search.queries import Query, Term, parse_query
from shared.search.vectors import Weight, tsvector_literal

__all__ = [
    "FORM",
    "Query",
    "Term",
    "Token",
    "Weight",
    "analyse",
    "fold",
    "guess_language",
    "parse_query",
    "trigram_key",
    "tsvector_literal",
]
