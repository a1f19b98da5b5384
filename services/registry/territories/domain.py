"""Rules of territorial units: no I/O."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from shared.text import missing

LAW_LANGUAGES = ("ky", "ru")


class TerritoryKind(StrEnum):
    COUNTRY = "country"
    OBLAST = "oblast"
    RAION = "raion"
    REPUBLICAN_CITY = "republican_city"
    OBLAST_CITY = "oblast_city"
    OBLAST_CITY_IN_RAION = "oblast_city_in_raion"
    RAION_CITY = "raion_city"
    CITY_DISTRICT = "city_district"
    URBAN_SETTLEMENT = "pgt"
    SETTLEMENT = "settlement"
    AIYL_AIMAK = "aiyl_aimak"
    VILLAGE = "village"
    CITY_TERRITORIAL_UNIT = "city_territorial_unit"
    RURAL_TERRITORIAL_UNIT = "rural_territorial_unit"


MUNICIPAL_KINDS = frozenset(
    {
        TerritoryKind.AIYL_AIMAK,
        TerritoryKind.REPUBLICAN_CITY,
        TerritoryKind.OBLAST_CITY,
        TerritoryKind.OBLAST_CITY_IN_RAION,
        TerritoryKind.RAION_CITY,
    }
)
"""Units with local self-government of their own (law on local state administration and self-government)."""


_LEVEL = {
    TerritoryKind.COUNTRY: 0,
    **dict.fromkeys((TerritoryKind.OBLAST, TerritoryKind.REPUBLICAN_CITY), 1),
    **dict.fromkeys((TerritoryKind.RAION, TerritoryKind.OBLAST_CITY), 2),
    **dict.fromkeys(
        (
            TerritoryKind.OBLAST_CITY_IN_RAION,
            TerritoryKind.RAION_CITY,
            TerritoryKind.CITY_DISTRICT,
            TerritoryKind.AIYL_AIMAK,
            TerritoryKind.CITY_TERRITORIAL_UNIT,
            TerritoryKind.RURAL_TERRITORIAL_UNIT,
        ),
        3,
    ),
    **dict.fromkeys((TerritoryKind.URBAN_SETTLEMENT, TerritoryKind.SETTLEMENT), 4),
    TerritoryKind.VILLAGE: 5,
}
"""How far below the country a kind of unit stands (law on administrative and territorial structure; the classifier skips
levels)."""


def may_stand(kind: TerritoryKind, parent: TerritoryKind | None) -> bool:
    """Whether a unit of this kind stands right below one of `parent`: the country below nothing, everything else below
    something higher, and no municipality inside another."""
    if parent is None or kind is TerritoryKind.COUNTRY:
        return parent is None and kind is TerritoryKind.COUNTRY
    return _LEVEL[parent] < _LEVEL[kind] and not (is_municipality(kind) and is_municipality(parent))


class UnknownParent(ValueError):
    """A unit names a parent that is neither recorded nor recorded with it."""

    def __init__(self, index: int, code: str) -> None:
        self.index, self.code = index, code
        super().__init__(code)


def is_municipality(kind: TerritoryKind) -> bool:
    return kind in MUNICIPAL_KINDS


def missing_languages(name: Mapping[str, str]) -> tuple[str, ...]:
    """Languages of the law the name is not known in. Such a name is listed, never transliterated."""
    return missing(name, LAW_LANGUAGES)


def paths(
    units: Iterable[tuple[str, str | None]], known: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Codes from the country down to each unit itself, for (code, parent code) pairs, parents first.

    `known` holds the paths of parents recorded before. Raises UnknownParent."""
    found: dict[str, tuple[str, ...]] = {code: tuple(path) for code, path in known.items()}
    made: dict[str, tuple[str, ...]] = {}
    for index, (code, parent) in enumerate(units):
        if parent is not None and parent not in found:
            raise UnknownParent(index, parent)
        found[code] = made[code] = (*(found[parent] if parent else ()), code)
    return made


def may_change(territory: str | None, units: Iterable[tuple[TerritoryKind, Iterable[str]]]) -> bool:
    """Whether the registrar of a body of this territory may change these units, given by kind and path: all stand
    below the territory, and none has local self-government of its own."""
    return territory is not None and all(
        not is_municipality(kind) and territory in list(path)[:-1] for kind, path in units
    )
