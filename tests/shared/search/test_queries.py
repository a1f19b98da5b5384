import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.search import analyse, parse_query, tsvector_literal
from shared.search.queries import LENGTH_LIMIT, TERM_LIMIT, Kind
from shared.search.stop_words import STOP_WORDS
from tests.shared.search.kyrgyz import words
from tests.shared.search.kyrgyz.paradigms import noun_forms

# The grammar of tsquery, as far as it is written here.
LEXEME = r"'(?:[^'\\]|''|\\\\)+'(?::\*)?"
SLOT = rf"(?:{LEXEME}|\({LEXEME}(?: \| {LEXEME})+\))"
NEXT = r" <(?:-|[0-9]+)> "
CONDITION = rf"(?:{SLOT}(?:{NEXT}{SLOT})*|!{SLOT}|!\({SLOT}(?:{NEXT}{SLOT})+\))"
TSQUERY = re.compile(rf"(?:{CONDITION}(?: & {CONDITION})*)?")


class TestSyntax:
    @pytest.mark.parametrize(
        ("typed", "tsquery"),
        [
            ("үй", "('үй' | '~уй')"),
            ("жол", "('жол' | '~жол')"),
            ("roads", "('road' | '~road' | '~roads')"),
            ('"үй жол"', "('үй' | '~уй') <-> ('жол' | '~жол')"),
            ("-үй", "!'үй'"),
            ('-"үй жол"', "!('үй' <-> 'жол')"),
            ("көп*", "('көп':* | '~коп':*)"),
            ("к*", "('к' | '~к')"),
            ("жол & (үй) | !'", "('жол' | '~жол') & ('үй' | '~уй')"),
            ("", ""),
            ('"', ""),
            ("- * -- -*", ""),
        ],
    )
    def test_in_kyrgyz(self, typed: str, tsquery: str) -> None:
        language = "en" if typed.isascii() and typed.strip('"-* ') else "ky"
        assert parse_query(typed, language).tsquery == tsquery

    def test_hyphenated_words_are_phrases(self) -> None:
        assert [term.kind for term in parse_query("ата-эне 5-мектеп жол").terms] == [
            Kind.PHRASE,
            Kind.PHRASE,
            Kind.WORD,
        ]

    def test_quotes_of_all_kinds(self) -> None:
        for typed in ["«суу түтүк»", "“суу түтүк”", "„суу түтүк“", '"суу түтүк']:
            assert [term.words for term in parse_query(typed).terms] == [("суу", "түтүк")]

    def test_without_a_language_each_that_the_letters_allow(self) -> None:
        assert parse_query("дорогами").terms[0].alternatives[0][0] == "дорогами"
        assert "дорог" in parse_query("дорогами").terms[0].alternatives[0]
        assert parse_query("түтүктөрдүн").terms[0].alternatives == (("түтүк", "~тутук", "~тутуктордун"),)
        assert parse_query("schools").terms[0].alternatives == (("school", "~school", "~schools"),)

    def test_repetition_counts_once(self) -> None:
        assert len(parse_query("жол жол жол").terms) == 1


class TestStopWords:
    def test_dropped_beside_others(self) -> None:
        assert parse_query("жол жана суу үчүн", "ky").trigram_key == "жол суу"
        assert parse_query("ремонт дорог и школ").trigram_key == "ремонт дорог школ"

    def test_kept_alone_and_in_phrases(self) -> None:
        assert not parse_query("и или").is_empty
        assert parse_query('"жол жана суу"', "ky").terms[0].words == ("жол", "жана", "суу")

    def test_a_phrase_keeps_their_place_and_asks_for_any_word_there(self) -> None:
        assert parse_query('"жол жана суу"', "ky").tsquery == "('жол' | '~жол') <2> ('суу' | '~суу')"
        assert parse_query('"у школы"', "ru").tsquery == "('школ' | '~школ' | '~школы')"
        assert parse_query("из-за школы", "ru").trigram_key == "школы"

    def test_fire_is_no_preposition_in_kyrgyz(self) -> None:
        assert parse_query("от өчүрүү", "ky").trigram_key == "от очуруу"

    def test_only_exclusions_ask_for_nothing(self) -> None:
        query = parse_query("-жол")
        assert query.is_empty
        assert query.tsquery
        assert query.trigram_key == ""


class TestMeetsTheIndex:
    """A query's lexemes are among those under which a text is indexed."""

    @staticmethod
    def found(typed: str, text: str, language: str) -> bool:
        literal = tsvector_literal([("A", analyse(text, language))])
        indexed = {entry.rpartition(":")[0].strip("'") for entry in literal.split(" ")}
        return all(
            not indexed.isdisjoint(slot) for term in parse_query(typed).terms for slot in term.alternatives
        )

    @pytest.mark.parametrize(
        ("typed", "text", "language"),
        [
            ("ондоо", "көпүрөнү оңдоо", "ky"),
            ("ондогон", "көпүрө оңдолду", "ky"),
            ("озгортуу", "мыйзамды өзгөрттү", "ky"),
            ("копуролор", "эки көпүрө курулат", "ky"),
            ("орундар", "ордунда", "ky"),
            ("школа", "ремонт школ", "ru"),
            ("ёлки", "елка во дворе", "ru"),
            ("семент", "цемент", "ru"),
            ("road repairs", "Repair of the road", "en"),
            ("оңдоо", "көпүрөнү ондоо", "ky"),
        ],
    )
    def test_examples(self, typed: str, text: str, language: str) -> None:
        assert self.found(typed, text, language)

    def test_every_form_finds_its_base(self) -> None:
        misses = [
            form
            for entry in words.TUNED_NOUNS.split()
            for form in noun_forms(entry)
            if not self.found(form, entry.partition(":")[0], "ky")
        ]
        assert len(misses) <= 60  # of some 22,000, nearly all of them forms of another word too

    @pytest.mark.parametrize(
        ("typed", "text"),
        [("уй", "мост у школы"), ("ой", "мост о школе"), ("ай", "мост, а школа"), ("кой", "дорога ко школе")],
    )
    def test_a_kyrgyz_word_is_no_russian_preposition(self, typed: str, text: str) -> None:
        assert not self.found(typed, text, "ru")

    @given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=8))
    def test_any_russian_word_finds_itself_unless_it_says_nothing(self, word: str) -> None:
        assert self.found(word, word, "ru") != (word in STOP_WORDS["ru"])

    def test_words_that_say_nothing_are_not_in_the_index(self) -> None:
        assert tsvector_literal([("A", analyse("у школы", "ru"))]) == "'школ':2A '~школ':2D '~школы':2D"
        assert tsvector_literal([("A", analyse("жана", "ky"))]) == ""

    def test_other_letters_are_told_apart(self) -> None:
        query = parse_query("үйлөр -жол", "ky")
        assert query.literal == "'үй' & !'жол'"
        assert query.tsquery == "('үй' | '~уй' | '~уйлор') & !'жол'"

    def test_other_words_do_not(self) -> None:
        assert not self.found("көпүрө", "көчө жарыгы", "ky")
        assert not self.found("жол суу", "жол", "ky")


class TestAnyInput:
    @given(st.one_of(st.text(), st.text(alphabet="ab өү'\"\\&|!()<->:*- \x00", max_size=60)))
    def test_gives_a_well_formed_tsquery(self, typed: str) -> None:
        query = parse_query(typed)
        assert TSQUERY.fullmatch(query.tsquery), query.tsquery
        assert "\x00" not in query.tsquery

    @given(st.text(), st.sampled_from([None, "ky", "ru", "en", "uz-Latn", ""]))
    def test_in_any_language(self, typed: str, language: str | None) -> None:
        assert TSQUERY.fullmatch(parse_query(typed, language).tsquery)

    def test_is_bounded(self) -> None:
        query = parse_query(" ".join(f"сөз{n}" for n in range(5_000)))
        assert len(query.terms) == TERM_LIMIT
        assert len(parse_query('"' + "аб " * 5_000).terms[0].words) <= LENGTH_LIMIT
