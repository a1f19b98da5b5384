import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.search.folding import fold, repair
from shared.search.kyrgyz import is_known_root, stem
from shared.search.kyrgyz.suffixes import ENDINGS

surfaces = st.sampled_from(sorted({surface for endings in ENDINGS.values() for surface in endings}))


class TestNouns:
    @pytest.mark.parametrize(
        ("form", "base"),
        [
            ("мектептердеги", "мектеп"),
            ("мектептериңиздерден", "мектеп"),
            ("көпүрөлөрүбүздүн", "көпүрө"),
            ("жолубузга", "жол"),
            ("суусунун", "суу"),
            ("балдарыбыз", "бала"),
            ("балаңа", "бала"),
            ("айылдыктардын", "айылдык"),
            ("таштандыларды", "таштанды"),
            ("министрлигинин", "министрлик"),
            ("апрелинде", "апрель"),
            ("комиссиясынын", "комиссия"),
            ("оюнун", "оюн"),
            ("тоюбузга", "той"),
        ],
    )
    def test_forms_meet_their_base(self, form: str, base: str) -> None:
        assert stem(form) == stem(base)

    @pytest.mark.parametrize(
        ("form", "base"),
        [
            ("китеби", "китеп"),
            ("жазыгы", "жазык"),
            ("орду", "орун"),
            ("мурдунан", "мурун"),
            ("убактысы", "убакыт"),
        ],
    )
    def test_changed_roots_come_back(self, form: str, base: str) -> None:
        assert stem(form) == base == stem(base)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("бал", "бала"),
            ("баш", "башка"),
            ("таш", "таштанды"),
            ("кар", "кара"),
            ("үй", "уй"),
            ("жаз", "жазык"),
            ("акы", "акысыз"),
            ("жардам", "жар"),
            ("аял", "аялдама"),
            ("пай", "пайда"),
            ("окуу", "окуучу"),
            ("көз", "көзөмөл"),
        ],
    )
    def test_different_words_stay_apart(self, one: str, other: str) -> None:
        assert stem(one) != stem(other)


class TestVerbs:
    @pytest.mark.parametrize(
        "ending", ["йт", "гон", "п", "лду", "лгон", "бойт", "онун", "со", "ңуз", "шту", "богондуктан", "о"]
    )
    def test_forms_give_the_dictionary_form(self, ending: str) -> None:
        assert stem("оңдо" + ending) == "оңдоо"

    @pytest.mark.parametrize(
        ("form", "dictionary"),
        [
            ("курулуп", "куруу"),
            ("окуйт", "окуу"),
            ("чыкты", "чыгуу"),
            ("табылган", "табуу"),
            ("тазаланды", "тазалоо"),
            ("төлөбөгөндөргө", "төлөө"),
            ("өзгөрттү", "өзгөртүү"),
            ("коёт", "коюу"),
            ("коюлган", "коюу"),
            ("киет", "кийүү"),
            ("болобу", "болуу"),
        ],
    )
    def test_dictionary_form(self, form: str, dictionary: str) -> None:
        assert stem(form) == dictionary == stem(dictionary)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("колдоо", "колдонуу"), ("өзгөртүү", "өзгөрүү"), ("катышуу", "катуу"), ("кароо", "кар")],
    )
    def test_different_verbs_stay_apart(self, one: str, other: str) -> None:
        assert stem(one) != stem(other)


class TestAnyWord:
    @given(st.text(max_size=40))
    def test_never_raises_and_never_grows_much(self, word: str) -> None:
        assert len(stem(repair(word.lower()))) <= len(word) * 3 + 2

    @given(st.lists(surfaces, min_size=1, max_size=40).map("".join))
    def test_long_chains_of_suffixes_end(self, word: str) -> None:
        assert stem(word[:100])

    @given(st.text("абвгдежзийклмнопрстуфхчшыэюяңөү", min_size=1, max_size=15))
    def test_a_stem_is_found_again(self, word: str) -> None:
        root = stem(word)
        assert is_known_root(root) or len(stem(root)) <= len(root) + 2

    @given(st.sampled_from(["көпүрө", "өкмөт", "түтүк", "жөлөкпул", "үй", "кеңеш"]), surfaces)
    def test_letters_are_kept_unless_folded(self, base: str, suffix: str) -> None:
        assert fold(stem(base + suffix)).startswith(fold(base)[:2])
