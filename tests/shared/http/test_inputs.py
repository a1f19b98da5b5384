"""What a request may say: JSON's own types, plain digits, currencies that exist."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ideas_market.spec import SPEC as IDEAS
from services.registry.spec import SPEC as REGISTRY
from shared.currencies import DECIMALS
from shared.http.money import MoneyGiven
from shared.http.schemas import Input
from tests.kit.service import StartService


class Nested(Input):
    number: int | None = None


class Everything(Input):
    number: int = 0
    numbers: list[int] = []
    by_name: dict[str, int] = {}
    either: Literal[1, -1] = 1
    share: float = 0.5
    yes: bool = False
    day: date | None = None
    moment: datetime | None = None
    clock: time | None = None
    identifier: UUID | None = None
    nested: list[Nested] = []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in ("number", "either") for value in (True, 1.0, "1", [1], {})),
        ("numbers", [1, True]),
        ("by_name", {"a": 1.0}),
        ("share", "0.5"),
        ("share", True),
        *(("yes", value) for value in (1, 0, "true", "yes")),
        *(("day", value) for value in (0, "0", 1.5, "2026-01-01T00:00:00", True)),
        *(("moment", value) for value in (0, "1700000000", "2026-01-01")),
        *(("clock", value) for value in (3600, "3600")),
        ("nested", [{"number": "1"}]),
    ],
)
def test_nothing_is_converted(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Everything.model_validate({field: value})
    assert refused.value.errors()[0]["loc"][0] == field


def test_json_is_read_as_it_is() -> None:
    found = Everything.model_validate(
        {
            "number": 3,
            "either": -1,
            "share": 1,
            "yes": True,
            "day": "2026-02-28",
            "moment": "2026-02-28T09:00:00+06:00",
            "clock": "09:30",
            "identifier": "01890000-0000-7000-8000-000000000000",
            "nested": [{"number": 1}],
        }
    )
    assert (found.number, found.either, found.share, found.day) == (3, -1, 1.0, date(2026, 2, 28))


@pytest.mark.parametrize(
    "amount",
    [
        "1e2",
        "-0",
        "-0.00",
        "Infinity",
        "NaN",
        "+5",
        "-1",
        " 5",
        "5 ",
        "1_000",
        "1,5",
        ".5",
        "5.",
        "",
        "٣",
        5,
        5.5,
        True,
        None,
        "1" * 99,
    ],
)
def test_an_amount_is_plain_digits(amount: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        MoneyGiven.model_validate({"amount": amount})
    assert [error["loc"] for error in refused.value.errors()] == [("amount",)]


@pytest.mark.parametrize("currency", ["XXX", "XTS", "XAU", "ZZZ", "BGN", "kgs", "KG", "СОМ", 417])
def test_a_currency_exists(currency: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        MoneyGiven.model_validate({"amount": "1", "currency": currency})
    assert [error["loc"] for error in refused.value.errors()] == [("currency",)]


@given(
    st.decimals(0, 10**13, allow_nan=False, allow_infinity=False, places=2), st.sampled_from(sorted(DECIMALS))
)
def test_an_amount_is_no_finer_than_its_currency(amount: Decimal, currency: str) -> None:
    given_money = {"amount": f"{amount:f}", "currency": currency}
    if DECIMALS[currency] >= 2:
        assert MoneyGiven.model_validate(given_money).amount == amount
        return
    with pytest.raises(ValidationError) as refused:
        MoneyGiven.model_validate(given_money)
    [error] = refused.value.errors()
    assert (error["loc"], error["type"]) == (("amount",), "too_many_decimals")
    assert MoneyGiven.model_validate({"amount": f"{amount:.0f}", "currency": currency})


async def test_a_query_is_held_to_the_same(start_service: StartService) -> None:
    ideas = await start_service(IDEAS)
    for query, pointer in {
        "max_requested=1e2": "/query/max_requested",
        "max_requested=Infinity": "/query/max_requested",
        "max_requested=1&currency=ZZZ": "/query/currency",
    }.items():
        answer = await ideas.client.get(f"/v1/ideas?{query}")
        assert answer.status_code == 422, query
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await ideas.client.get("/v1/ideas?max_requested=100.5")).status_code == 200


@pytest.mark.parametrize("value", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
@pytest.mark.parametrize("field", ["day", "moment"])
def test_a_year_is_one_of_our_times(field: str, value: str) -> None:
    written = value if field == "day" else f"{value}T00:00:00Z"
    with pytest.raises(ValidationError) as refused:
        Everything.model_validate({field: written})
    assert [error["type"] for error in refused.value.errors()] == ["absurd_year"]


ABSURD: dict[str, Any] = {
    "term": {"tiers": [{"code": "a", "term": {"number": 10**9, "unit": "working_day"}}]},
    "fee": {"tiers": [{"code": "a", "fees": [{"amount": "1" + "0" * 30}]}]},
    "both": {"tiers": [{"code": "a", "term": {"number": -1, "unit": "day"}}]},
}


@pytest.mark.parametrize("what", ABSURD)
async def test_absurd_values_are_refused_with_a_pointer(start_service: StartService, what: str) -> None:
    registry = await start_service(REGISTRY)
    answer = await registry.client.post(
        "/v1/standards",
        json={"service_id": "01890000-0000-7000-8000-000000000000", **ABSURD[what]},
        headers=registry.headers("registry:standards:draft", org=UUID(int=1)),
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/tiers/0/")
