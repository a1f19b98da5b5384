"""Which version of a standard binds: the law's validity on the day of application, the register's latest record."""

from collections.abc import Iterable
from datetime import date

from shared.contracts.registry import StandardVersion, Tier


def in_force(
    versions: Iterable[StandardVersion], place: tuple[str, ...], day: date
) -> StandardVersion | None:
    """The version that binds at `place` on `day`; None when no version does.

    Where several do, the one made for the narrower territory, then the one recorded last."""
    found = [version for version in versions if _valid(version, day) and _depth(version, place) is not None]
    return max(
        found,
        key=lambda version: (_depth(version, place), version.recorded_at, version.version),
        default=None,
    )


def tier_named(standard: StandardVersion, code: str) -> Tier | None:
    return next((tier for tier in standard.tiers if tier.code == code), None)


def _valid(version: StandardVersion, day: date) -> bool:
    return version.valid_from <= day and (version.valid_to is None or day < version.valid_to)


def _depth(version: StandardVersion, place: tuple[str, ...]) -> int | None:
    """How far down the tree the version's territory lies: 0 the whole country; None when it binds elsewhere."""
    if not version.applies_to:
        return 0
    depths = [depth for depth, code in enumerate(place, 1) if code in version.applies_to]
    return max(depths, default=None)
