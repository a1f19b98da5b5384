"""Rules of index methods: what a sound definition is, its states, its hash. No I/O, no framework."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

import orjson

from shared.http.errors import Conflict, FieldError


class VersionState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Derivation(StrEnum):
    """Where the value of an indicator comes from."""

    IMPORTED = "imported"
    MUNICIPAL_VISITS = "municipal_visits"
    """Computed: visits to municipal services that met their standard, in percent of those with a verdict on every
    criterion."""


class MethodIsPublished(Conflict):
    """A published version of a method is never changed; draft the next one."""

    code = "method_published"


@dataclass(frozen=True, slots=True)
class Indicator:
    """`low` and `high` are the goalposts in the indicator's own unit; `direction` is 1 where more is better,
    -1 where less is."""

    code: str
    dimension: str
    weight: float
    direction: int
    low: float
    high: float
    validity_months: int
    derivation: Derivation
    minimum_cases: int
    rollup: str
    unit: str


@dataclass(frozen=True, slots=True)
class Dimension:
    code: str
    weight: float
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """Shares are of the children that apply: below them there is no score."""

    minimum_indicator_share: float
    minimum_dimension_share: float
    decimals: int


@dataclass(frozen=True)
class Method:
    """The part of a definition that computing needs."""

    code: str
    version: int
    content_hash: str
    dimensions: tuple[Dimension, ...]
    rules: Rules

    @classmethod
    def of(cls, code: str, version: int, content_hash: str, document: Mapping[str, Any]) -> Self:
        """Read a stored definition."""
        indicators = [_indicator(found) for found in document["indicators"]]
        dimensions = tuple(
            Dimension(
                found["code"],
                found["weight"],
                tuple(indicator for indicator in indicators if indicator.dimension == found["code"]),
            )
            for found in document["dimensions"]
        )
        rules = document["rules"]
        return cls(
            code,
            version,
            content_hash,
            dimensions,
            Rules(rules["minimum_indicator_share"], rules["minimum_dimension_share"], rules["decimals"]),
        )

    def indicators(self) -> Iterator[Indicator]:
        for dimension in self.dimensions:
            yield from dimension.indicators

    @cached_property
    def by_code(self) -> dict[str, Indicator]:
        return {indicator.code: indicator for indicator in self.indicators()}

    @property
    def from_visits(self) -> bool:
        return any(found.derivation is Derivation.MUNICIPAL_VISITS for found in self.indicators())


def _indicator(found: Mapping[str, Any]) -> Indicator:
    return Indicator(
        code=found["code"],
        dimension=found["dimension"],
        weight=found["weight"],
        direction=found["direction"],
        low=found["goalposts"]["low"],
        high=found["goalposts"]["high"],
        validity_months=found["validity_months"],
        derivation=Derivation(found["derivation"]),
        minimum_cases=found["minimum_cases"],
        rollup=found["rollup"],
        unit=found["unit"],
    )


def content_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 of the definition; two definitions with the same hash give the same scores."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check(document: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong between the fields of a definition; each field alone is checked by its schema."""
    dimensions = {found["code"] for found in document["dimensions"]}
    groups = {found["code"] for found in document["target_groups"]}
    errors = [
        *_repeated("dimensions", document["dimensions"]),
        *_repeated("indicators", document["indicators"]),
        *_repeated("target_groups", document["target_groups"]),
    ]
    used: Counter[str] = Counter()
    for number, found in enumerate(document["indicators"]):
        errors += _check_indicator(f"/indicators/{number}", found, dimensions, groups)
        used[found["dimension"]] += 1
    for number, found in enumerate(document["dimensions"]):
        if not used[found["code"]]:
            errors.append(
                FieldError(f"/dimensions/{number}", "The dimension has no indicator.", "empty_dimension")
            )
    return errors


def _check_indicator(
    pointer: str, found: Mapping[str, Any], dimensions: set[str], groups: set[str]
) -> Iterator[FieldError]:
    if found["dimension"] not in dimensions:
        yield FieldError(f"{pointer}/dimension", "There is no such dimension.", "unknown_dimension")
    if not found["goalposts"]["low"] < found["goalposts"]["high"]:
        yield FieldError(
            f"{pointer}/goalposts/high", "Must be above the lower goalpost.", "goalposts_not_ascending"
        )
    for position, group in enumerate(found["target_groups"]):
        if group not in groups:
            yield FieldError(
                f"{pointer}/target_groups/{position}", "There is no such target group.", "unknown_group"
            )


def _repeated(name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item["code"] in seen:
            yield FieldError(f"/{name}/{number}/code", "This code stands here twice.", "duplicate_code")
        seen.add(item["code"])


def changeable(state: str) -> None:
    """Raises MethodIsPublished."""
    if state != VersionState.DRAFT:
        raise MethodIsPublished
