"""What looks like a telephone number or an e-mail address, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.people.contact_details import names_a_contact


@pytest.mark.parametrize(
    "text",
    [
        "Чалыңыз: 0555 12 34 56",
        "0555123456",
        "тел. 0(555)12-34-56, Айзада",
        "+996 (700) 11-22-33",
        "996700112233",
        "+7 999 123-45-67",
        "aizada@example.kg",
        "жазыңыз: a.b+c@почта.рф!",
    ],
)
def test_contacts_are_found(text: str) -> None:
    assert names_a_contact(text)


@pytest.mark.parametrize(
    "text",
    [
        "1 500 000 000 сом",
        "Закон № 58 от 14.04.2008",
        "2026-11-29",
        "SOATE 41721000000000",
        "0,555 123 456 км",
        "5 000 000.00 KGS",
        "@ашар тууралуу",
        "12345678901234567890",
        "0 100 200 300 400",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert not names_a_contact(text)


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    assert names_a_contact(text) in {True, False}
