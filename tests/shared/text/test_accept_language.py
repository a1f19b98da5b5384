import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import is_language_tag, parse_accept_language


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        (None, []),
        ("", []),
        ("ky", ["ky"]),
        ("ru;q=0.8, ky, en;q=0.8", ["ky", "ru", "en"]),
        ("ky-kg,ky;q=0.9,*;q=0.1", ["ky-KG", "ky", "*"]),
        ("de;q=0, ky;q=0.000", []),
        ("ky;q=1.000,ru;q=0.999", ["ky", "ru"]),
        ("ky ; q = 0.5 , ru", ["ru", "ky"]),
        ("ky;q=2, ru;q=x, en;q=-1, uz;q=0.1234, tg;v=1, be", ["be"]),
        ("k, kyrgyz, ky_KG, , ;q=1, ru", ["ru"]),
        ("ky;q=0.1, ky;q=0.9, ru;q=0.5", ["ru", "ky"]),
    ],
)
def test_by_quality_then_in_order(header: str | None, tags: list[str]) -> None:
    assert parse_accept_language(header) == tags


@given(st.one_of(st.text(), st.text(alphabet="ky-ru;q=0.1,* ", max_size=200)))
def test_never_raises_and_gives_only_tags(header: str) -> None:
    tags = parse_accept_language(header)
    assert all(tag == "*" or is_language_tag(tag) for tag in tags)
    assert len(tags) == len(set(tags))


def test_is_bounded() -> None:
    assert (
        len(parse_accept_language(",".join(f"a{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(10_000))))
        <= 32
    )
