"""What a sound definition is, and what it hashes to."""

from collections.abc import Callable
from typing import Any

import pytest

from services.scoring.methods.domain import Derivation, Method, check, content_hash
from services.scoring.seed import definition

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    return definition().model_dump(mode="json", exclude_none=True)


def test_the_seeded_definition_is_sound(document: Document) -> None:
    assert check(document) == []
    method = Method.of("sji25", 1, "hash", document)
    assert [len(found.indicators) for found in method.dimensions] == [5] * 5
    assert method.by_code["ACO3"].derivation is Derivation.MUNICIPAL_VISITS
    assert method.by_code["ACO3"].minimum_cases == 5
    assert sum(found.direction < 0 for found in method.indicators()) == 3
    assert (method.by_code["BUD5"].low, method.by_code["BUD5"].high) == (0, 40)


@pytest.mark.parametrize(
    ("spoil", "pointer", "code"),
    [
        (lambda d: d["indicators"][3].update(code="ACC1"), "/indicators/3/code", "duplicate_code"),
        (
            lambda d: d["indicators"][0].update(dimension="XXX"),
            "/indicators/0/dimension",
            "unknown_dimension",
        ),
        (
            lambda d: d["indicators"][2]["goalposts"].update(low=90),
            "/indicators/2/goalposts/high",
            "goalposts_not_ascending",
        ),
        (
            lambda d: d["indicators"][1].update(target_groups=["C", "X"]),
            "/indicators/1/target_groups/1",
            "unknown_group",
        ),
        (lambda d: d["dimensions"].append({"code": "NEW"}), "/dimensions/5", "empty_dimension"),
        (lambda d: d["dimensions"].append(d["dimensions"][0]), "/dimensions/5/code", "duplicate_code"),
    ],
)
def test_what_does_not_fit_together_is_named(
    document: Document, spoil: Callable[[Document], None], pointer: str, code: str
) -> None:
    spoil(document)
    assert (pointer, code) in [(found.pointer, found.code) for found in check(document)]


def test_the_hash_knows_content_and_not_the_order_of_keys(document: Document) -> None:
    before = content_hash(document)
    assert content_hash(dict(reversed(document.items()))) == before
    document["indicators"][0]["weight"] = 2.0
    assert content_hash(document) != before
