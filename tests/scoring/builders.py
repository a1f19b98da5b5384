"""Methods made for tests of the arithmetic."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from services.scoring.methods.domain import Derivation, Dimension, Indicator, Method, Rules


def indicator(
    code: str = "A1",
    *,
    dimension: str = "A",
    weight: float = 1.0,
    direction: int = 1,
    low: float = 0.0,
    high: float = 100.0,
    derivation: Derivation = Derivation.IMPORTED,
    validity_months: int = 12,
    minimum_cases: int = 0,
    rollup: str = "latest",
    unit: str = "%",
) -> Indicator:
    return Indicator(
        code,
        dimension,
        weight,
        direction,
        low,
        high,
        validity_months,
        derivation,
        minimum_cases,
        rollup,
        unit,
    )


def method(
    dimensions: Mapping[str, Sequence[Indicator]],
    *,
    weights: Mapping[str, float] | None = None,
    indicator_share: float = 0.6,
    dimension_share: float = 0.8,
) -> Method:
    return Method(
        "test",
        1,
        "hash",
        tuple(
            Dimension(code, (weights or {}).get(code, 1.0), tuple(found))
            for code, found in dimensions.items()
        ),
        Rules(indicator_share, dimension_share, 2),
    )


WEIGHTS = st.floats(0.01, 100)
NUMBERS = st.floats(-1e6, 1e6)


@st.composite
def indicators(draw: st.DrawFn, dimension: str, count: int) -> list[Indicator]:
    found = []
    for number in range(count):
        low = draw(NUMBERS)
        found.append(
            indicator(
                f"{dimension}{number}",
                dimension=dimension,
                weight=draw(WEIGHTS),
                direction=draw(st.sampled_from([1, -1])),
                low=low,
                high=low + draw(st.floats(0.1, 1e6)),
            )
        )
    return found


@st.composite
def methods(draw: st.DrawFn) -> Method:
    codes = ["A", "B", "C"][: draw(st.integers(1, 3))]
    return method(
        {code: draw(indicators(code, draw(st.integers(1, 4)))) for code in codes},
        weights={code: draw(WEIGHTS) for code in codes},
        indicator_share=draw(st.sampled_from([0.0, 0.5, 0.6, 1.0])),
        dimension_share=draw(st.sampled_from([0.0, 0.8, 1.0])),
    )
