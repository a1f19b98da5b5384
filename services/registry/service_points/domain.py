"""Rules of service points: no I/O."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, get_args

from services.registry.territories.domain import LAW_LANGUAGES, TerritoryKind
from shared.text import missing

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG): a great circle on the sphere is within 0.6 % of the ellipsoid."""


class PointKind(StrEnum):
    TSON = "tson"
    """Public service centre."""
    MINI_TSON = "mini_tson"
    OFFICE = "office"
    """Of a body, where it receives people."""
    LEGAL_AID_CENTRE = "legal_aid_centre"
    """Centre of state-guaranteed free legal aid."""
    LAWYER = "lawyer"
    LEGAL_CLINIC = "legal_clinic"
    MOBILE_GROUP = "mobile_group"
    SHELTER = "shelter"


class Visibility(StrEnum):
    PUBLIC = "public"
    AREA_ONLY = "area_only"
    """Only its area is known here; the exact place is not taken, so nobody can be told of it."""


class Precision(StrEnum):
    """How far the coordinates can be trusted."""

    EXACT = "exact"
    STREET = "street"
    SETTLEMENT = "settlement"
    """Somewhere in the settlement: its centre, as maps put it."""
    UNKNOWN = "unknown"


MEASURED = frozenset({Precision.EXACT, Precision.STREET})
"""Precise enough for a distance."""


class NoDistance(StrEnum):
    """Why a point comes without a distance."""

    AREA_ONLY = "area_only"
    SETTLEMENT_ONLY = "settlement_only"
    COORDINATES_UNKNOWN = "coordinates_unknown"


class Accessibility(StrEnum):
    STEP_FREE_ENTRANCE = "step_free_entrance"
    RAMP = "ramp"
    LIFT = "lift"
    ACCESSIBLE_TOILET = "accessible_toilet"
    RESERVED_PARKING = "reserved_parking"
    TACTILE_PAVING = "tactile_paving"
    BRAILLE = "braille"
    INDUCTION_LOOP = "induction_loop"
    SIGN_LANGUAGE = "sign_language"
    HOME_VISIT = "home_visit"


class Measure(StrEnum):
    """What is counted a year."""

    SERVICES = "services"
    CONSULTATIONS = "consultations"


AREA_KINDS = frozenset(
    {
        TerritoryKind.COUNTRY,
        TerritoryKind.OBLAST,
        TerritoryKind.RAION,
        TerritoryKind.REPUBLICAN_CITY,
        TerritoryKind.OBLAST_CITY,
        TerritoryKind.OBLAST_CITY_IN_RAION,
    }
)
"""Large enough to hide a place in: in a village everybody knows the house."""

Missing = Literal[
    "name_ky", "name_ru", "territory", "street_address", "coordinates", "hours", "phones", "languages",
    "accessibility", "services",
]  # fmt: skip
PLACE_OF = ("street_address", "coordinates")
MISSING: tuple[Missing, ...] = get_args(Missing)


def missing_of(point: Mapping[str, Any], services: int) -> tuple[Missing, ...]:
    """What nobody knows of a point (its columns). The place of a point shown by area is not missing: it is not asked."""
    hidden = point["visibility"] == Visibility.AREA_ONLY
    known: dict[Missing, bool] = {
        "name_ky": True,
        "name_ru": True,
        "territory": point["territory_code"] is not None,
        "street_address": hidden or bool(point["street_address"]),
        "coordinates": hidden or point["precision"] in MEASURED,
        "hours": point["hours"] is not None,
        "phones": bool(point["phones"]),
        "languages": bool(point["languages"]),
        "accessibility": bool(point["accessibility"]),
        "services": services > 0,
    }
    for language in missing(point["name"], LAW_LANGUAGES):
        known["name_ky" if language == "ky" else "name_ru"] = False
    return tuple(name for name in MISSING if not known[name])


def no_distance(visibility: Visibility, precision: Precision) -> NoDistance | None:
    if visibility is Visibility.AREA_ONLY:
        return NoDistance.AREA_ONLY
    if precision in MEASURED:
        return None
    if precision is Precision.SETTLEMENT:
        return NoDistance.SETTLEMENT_ONLY
    return NoDistance.COORDINATES_UNKNOWN


def unit_vector(latitude: float, longitude: float) -> list[float]:
    """The place on the unit sphere (x, y, z). Straight lines between such places grow with the great circle, so the
    nearest by one are the nearest by the other, over the date line and the poles too."""
    phi, theta = math.radians(latitude), math.radians(longitude)
    return [math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)]


def metres(chord: float) -> int:
    """The great circle on Earth of a straight line between two unit vectors."""
    return round(2 * EARTH_RADIUS_M * math.asin(min(chord / 2, 1.0)))
