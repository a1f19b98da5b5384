"""Which version binds: law's validity, narrower territory, latest record."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.checks.standards import in_force
from tests.monitoring.checks.strategies import days
from tests.monitoring.registry import COUNTRY, OSH, OTHER, RECORDED, standard

PLACE = (COUNTRY, OSH)


@given(st.lists(st.tuples(days, st.integers(1, 300) | st.none()), max_size=6), days)
def test_found_is_valid_that_day_and_recorded_last(spans: list[tuple[date, int | None]], day: date) -> None:
    versions = [
        standard(number, valid_from=start, valid_to=start + timedelta(days=length) if length else None)
        for number, (start, length) in enumerate(spans, 1)
    ]
    valid = [
        it.version for it in versions if it.valid_from <= day and (it.valid_to is None or day < it.valid_to)
    ]
    found = in_force(versions, PLACE, day)
    assert (found.version if found else None) == (max(valid) if valid else None)


def test_a_version_that_starts_later_does_not_apply() -> None:
    first, second = standard(1, valid_to=date(2026, 4, 1)), standard(2, valid_from=date(2026, 4, 1))
    for day, version in ((date(2026, 3, 31), 1), (date(2026, 4, 1), 2)):
        found = in_force([second, first], PLACE, day)
        assert found is not None
        assert found.version == version
    assert in_force([second], PLACE, date(2026, 3, 31)) is None


def test_territory() -> None:
    everywhere = standard(2, recorded_at=RECORDED + timedelta(days=99))
    of_osh = standard(1, applies_to=(OSH,))
    assert in_force([everywhere, of_osh], PLACE, date(2026, 3, 1)) is of_osh
    assert in_force([everywhere, of_osh], (COUNTRY, OTHER), date(2026, 3, 1)) is everywhere
    assert in_force([of_osh], (COUNTRY, OTHER), date(2026, 3, 1)) is None
    assert in_force([standard(applies_to=(COUNTRY,))], PLACE, date(2026, 3, 1)) is not None
