"""The arithmetic against published and reference results (a folder named by ASHAR_CONFORMANCE)."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.scoring.runs.domain import normalise, ranks, weighted_mean

FOLDER = Path(os.environ.get("ASHAR_CONFORMANCE", "")) / "scoring"
pytestmark = pytest.mark.skipif(
    not os.environ.get("ASHAR_CONFORMANCE") or not FOLDER.is_dir(),
    reason="ASHAR_CONFORMANCE names no folder of reference results",
)

EQUAL = 1e-9
Values = dict[str, float | None]


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(cell: str) -> float | None:
    return None if cell in {"", "NA"} else float(cell)


def table(name: str, *keys: str) -> dict[tuple[str, ...], Values]:
    """Unit (and year) → column → value."""
    found = {}
    for row in rows(name):
        key = tuple(row.pop(column) for column in keys)
        found[key] = {column: _value(cell) for column, cell in row.items()}
    return found


def _value(cell: str) -> float | None:
    try:
        return number(cell)
    except ValueError:
        return None  # names and groups


class Tree:
    """The framework of the example: children with weights, up to the index."""

    def __init__(self, meta: str = "asem/in_iMeta.csv", weights: Mapping[str, float] | None = None) -> None:
        self.meta = {row["iCode"]: row for row in rows(meta) if row["Type"] in {"Indicator", "Aggregate"}}
        self.weights = weights or {code: float(row["Weight"]) for code, row in self.meta.items()}
        levels = sorted({int(row["Level"]) for row in self.meta.values()})[1:]
        self.parents = [
            code for level in levels for code, row in self.meta.items() if int(row["Level"]) == level
        ]

    @property
    def indicators(self) -> list[str]:
        return [code for code, row in self.meta.items() if row["Type"] == "Indicator"]

    def aggregated(self, normalised: Values, minimum_share: float = 0.0) -> Values:
        found = dict(normalised)
        for parent in self.parents:
            children = [code for code, row in self.meta.items() if row["Parent"] == parent]
            found[parent] = weighted_mean(
                [(self.weights[code], found[code]) for code in children], minimum_share
            )
        return found

    def between_goalposts(self, code: str, value: float | None) -> float | None:
        row = self.meta[code]
        if value is None:
            return None
        low, high = float(row["goalpost_lower"]), float(row["goalpost_upper"])
        return normalise(value, low, high, int(row["Direction"]))


def assert_same(ours: Values, theirs: Values, columns: list[str]) -> int:
    """How many values were compared."""
    for column in columns:
        left, right = ours[column], theirs[column]
        assert (left is None) == (right is None), column
        if left is not None and right is not None:
            assert left == pytest.approx(right, abs=EQUAL), column
    return len(columns)


def test_goalposts_and_both_directions() -> None:
    tree = Tree("asem/in_iMeta_goalposts.csv")
    raw = table("asem/A_Imputed.csv", "uCode")
    expected = table("asem/B_norm_n_goalposts_iMeta.csv", "uCode")
    compared = 0
    for unit, wanted in expected.items():
        ours = {code: tree.between_goalposts(code, raw[unit][code]) for code in tree.indicators}
        compared += assert_same(ours, wanted, tree.indicators)
    assert compared == 51 * 49


def test_goalposts_then_arithmetic_means_up_to_the_index() -> None:
    tree = Tree("asem/in_iMeta_goalposts.csv")
    raw = table("asem/A_Imputed.csv", "uCode")
    for unit, wanted in table("asem/B_goalposts_Aggregated.csv", "uCode").items():
        ours = {code: tree.between_goalposts(code, raw[unit][code]) for code in tree.indicators}
        assert_same(tree.aggregated(ours), wanted, tree.parents)


def test_fixed_goalposts_over_five_years() -> None:
    tree = Tree("panel/in_iMeta_goalposts_panel.csv")
    raw = table("asem/in_iData_panel.csv", "Time", "uCode")
    normalised = table("panel/goalposts_Normalised.csv", "Time", "uCode")
    aggregated = table("panel/goalposts_Aggregated.csv", "Time", "uCode")
    assert len(aggregated) == 255
    for unit, wanted in aggregated.items():
        ours = {code: tree.between_goalposts(code, raw[unit][code]) for code in tree.indicators}
        assert_same(ours, normalised[unit], tree.indicators)
        assert_same(tree.aggregated(ours), wanted, tree.parents)


def test_min_max_of_a_column_is_goalposts_at_its_ends() -> None:
    """The reference scales to 1–100."""
    tree = Tree()
    raw = table("asem/A_Treated.csv", "uCode")
    expected = table("asem/B_norm_n_minmax.csv", "uCode")
    for code in tree.indicators:
        column = [value for values in raw.values() if (value := values[code]) is not None]
        low, high, direction = min(column), max(column), int(tree.meta[code]["Direction"])
        for unit, wanted in expected.items():
            value = raw[unit][code]
            assert value is not None
            assert 1 + 0.99 * normalise(value, low, high, direction) == pytest.approx(wanted[code], abs=EQUAL)


@pytest.mark.parametrize("weighted", [False, True])
def test_aggregation_with_equal_and_with_given_weights(weighted: bool) -> None:
    given = {row["iCode"]: float(row["Weight"]) for row in rows("asem/C_weights_random.csv")}
    tree = Tree(weights=given if weighted else None)
    expected = table(f"asem/{'C_aggw_a_amean' if weighted else 'C_agg_a_amean'}.csv", "uCode")
    for wanted in expected.values():
        ours = tree.aggregated({code: wanted[code] for code in tree.indicators})
        assert_same(ours, wanted, tree.parents)


@pytest.mark.parametrize("share", ["0.0", "0.5", "0.8", "0.9", "1.0"])
def test_minimum_shares_of_what_must_be_there(share: str) -> None:
    tree = Tree()
    normalised = table("asem/D_Normalised_noimpute.csv", "uCode")
    expected = table(f"asem/D_amean_datthresh_{share}.csv", "uCode")
    for unit, wanted in expected.items():
        ours = tree.aggregated({code: normalised[unit][code] for code in tree.indicators}, float(share))
        assert_same(ours, wanted, tree.parents)


def test_ranks() -> None:
    tree = Tree()
    aggregated = table("asem/A_Aggregated.csv", "uCode")
    expected = table("asem/A_results_ranks.csv", "uCode")
    for column in tree.parents:
        ours = ranks({unit: values[column] for unit, values in aggregated.items()})
        assert ours == {unit: values[column] for unit, values in expected.items()}


def test_dimension_indices_of_human_development() -> None:
    """Goalposts of 20–85, 0–18 and 0–15 years; education is the mean of its two. The tables leave a life expectancy
    below 20 years negative, we cut off at both ends."""
    compared = 0
    for row in rows("hdi/hdi_panel_1990_2021_HDR2122.csv"):
        years = [number(row[name]) for name in ("le", "eys", "mys")]
        health, education = number(row["I_health"]), number(row["I_education"])
        if None in years or health is None or education is None:
            continue
        le, eys, mys = (value for value in years if value is not None)
        assert normalise(le, 20, 85, 1) / 100 == pytest.approx(max(health, 0), abs=EQUAL)
        both = weighted_mean([(1, normalise(eys, 0, 18, 1)), (1, normalise(mys, 0, 15, 1))])
        assert both is not None
        assert both / 100 == pytest.approx(education, abs=EQUAL)
        compared += 1
    assert compared == 5601  # 30 of them lack an income and so a published index
