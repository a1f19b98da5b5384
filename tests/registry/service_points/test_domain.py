"""Distances and telephones: pure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.service_points.checks import possible_phone
from services.registry.service_points.domain import EARTH_RADIUS_M, metres, unit_vector

latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
places = st.tuples(latitudes, longitudes)


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Haversine, written on its own."""
    (phi, theta), (psi, omega) = [(math.radians(a), math.radians(b)) for a, b in (one, other)]
    half = math.sin((psi - phi) / 2) ** 2 + math.cos(phi) * math.cos(psi) * math.sin((omega - theta) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(half, 1.0)))


@given(places, places)
def test_a_distance_is_the_great_circle(one: tuple[float, float], other: tuple[float, float]) -> None:
    chord = math.dist(unit_vector(*one), unit_vector(*other))
    # near the antipodes the straight line hardly grows any more
    assert metres(chord) == pytest.approx(great_circle(one, other), abs=1 if chord < 1.99 else 2_000)


@pytest.mark.parametrize(
    ("number", "there"),
    [
        ("+996312626210", True),
        ("+996777123456", True),
        ("119", True),
        ("+996000000000", False),
        ("+9990000000", False),
    ],
)
def test_numbers_that_are_given_out(number: str, there: bool) -> None:
    assert possible_phone(number) is there
