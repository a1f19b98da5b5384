"""GeoJSON geometries (RFC 7946): what a boundary has to be. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Position = Sequence[float]
Ring = Sequence[Position]


def geometry_problem(geometry: dict[str, Any]) -> str | None:
    """Why this is no boundary: another type, an open or short ring, a position off the earth, a ring that runs the
    wrong way round (outer ones counterclockwise, holes clockwise). None where all is well."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"} or not isinstance(coordinates, list) or not coordinates:
        return "not a polygon"
    for polygon in [coordinates] if kind == "Polygon" else coordinates:
        for place, ring in enumerate(polygon):
            found = _ring_problem(ring, outer=place == 0)
            if found is not None:
                return found
    return None


def _ring_problem(ring: Ring, *, outer: bool) -> str | None:
    if len(ring) < 4 or list(ring[0]) != list(ring[-1]):
        return "a ring is not closed"
    if not all(-180 <= longitude <= 180 and -90 <= latitude <= 90 for longitude, latitude in ring):
        return "a position is not on the earth"
    if (signed_area(ring) > 0) != outer:
        return "a ring runs the wrong way round"
    return None


def signed_area(ring: Ring) -> float:
    """Twice the area in square degrees; positive where the ring runs counterclockwise."""
    return sum(here[0] * there[1] - there[0] * here[1] for here, there in pairwise(ring))
