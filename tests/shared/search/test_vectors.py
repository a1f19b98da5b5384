import re

from hypothesis import given
from hypothesis import strategies as st

from shared.search import Token, Weight, analyse, tsvector_literal

ENTRY = re.compile(r"'((?:[^'\\]|''|\\\\)+)':(\d+[ABCD](?:,\d+[ABCD])*)(?: |$)")
weights: st.SearchStrategy[Weight] = st.sampled_from(["A", "B", "C", "D"])


def places(literal: str) -> dict[str, str]:
    """The literal read back by its own grammar; fails if anything is left over."""
    found = {match[1]: match[2] for match in ENTRY.finditer(literal)}
    assert "".join(match[0] for match in ENTRY.finditer(literal)) == literal
    return found


def test_weight_for_the_stem_and_d_for_folded_forms() -> None:
    literal = tsvector_literal([("A", analyse("Көпүрөнү оңдоо", "ky")), ("C", analyse("жол", "ky"))])
    assert places(literal) == {
        "көпүрө": "1A",
        "~копуро": "1D",
        "~копурону": "1D",
        "оңдоо": "2A",
        "~ондоо": "2D",
        "жол": "13C",
        "~жол": "13D",
    }


def test_folded_lexemes_are_marked_so_that_merged_words_rank_lower() -> None:
    assert places(tsvector_literal([("B", analyse("үй уй", "ky"))])) == {
        "үй": "1B",
        "~уй": "1D,2D",
        "уй": "2B",
    }


def test_quotes_and_backslashes() -> None:
    literal = tsvector_literal([("A", [Token("a'b\\", "ab\\", "a'b\\", 1)])])
    assert literal == "'a''b\\\\':1A '~ab\\\\':1D"


def test_nothing() -> None:
    assert tsvector_literal([]) == ""
    assert tsvector_literal([("A", [])]) == ""


def test_stays_within_the_limits_of_the_type() -> None:
    frequent = places(tsvector_literal([("A", analyse("жол " * 20_000, "ky"))]))
    assert len(frequent["жол"].split(",")) == 255
    long = tsvector_literal([("A", analyse(" ".join(f"{'ө' * 90}{n}" for n in range(20_000)), "ky"))])
    assert 500_000 < len(long.encode()) < 1_400_000
    assert max(int(place[:-1]) for listed in places(long).values() for place in listed.split(",")) <= 16_383


@given(st.lists(st.tuples(weights, st.text())))
def test_any_text_gives_a_literal(fields: list[tuple[Weight, str]]) -> None:
    places(tsvector_literal([(weight, analyse(text)) for weight, text in fields]))
