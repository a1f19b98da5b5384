import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import canonical_tag, is_language_tag


@pytest.mark.parametrize(
    ("given_tag", "canonical"),
    [
        ("KY", "ky"),
        ("uz-cyrl", "uz-Cyrl"),
        ("UZ-LATN-uz", "uz-Latn-UZ"),
        ("ru-kg", "ru-KG"),
        ("es-419", "es-419"),
        ("de-1996", "de-1996"),
        ("zh-cmn-hans", "zh-cmn-Hans"),
        ("en-a-BBB-x-YY", "en-a-bbb-x-yy"),
    ],
)
def test_canonical_case(given_tag: str, canonical: str) -> None:
    assert canonical_tag(given_tag) == canonical


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "k",
        "kyrgyz",
        "ky_KG",
        "ky-",
        "-ky",
        "ky--KG",
        "ky-KG-",
        "ыы",
        "ky KG",
        "ky-x",
        "a" * 40,
        "ky\n",
        "*",
    ],
)
def test_malformed(tag: str) -> None:
    assert not is_language_tag(tag)
    with pytest.raises(ValueError, match="BCP-47"):
        canonical_tag(tag)


@given(st.from_regex(r"[a-zA-Z]{2,3}(-[a-zA-Z]{4})?(-[a-zA-Z]{2})?", fullmatch=True))
def test_canonical_form_is_stable(tag: str) -> None:
    canonical = canonical_tag(tag)
    assert canonical_tag(canonical) == canonical
    assert canonical.lower() == tag.lower()
