"""The made-up import: the same every time, plausible, with gaps, and accepted as it is."""

import csv
import io
from datetime import date

from services.scoring.demonstration import OSH, demonstration_import, municipalities
from services.scoring.seed import definition
from tests.scoring.client import PERIOD, Scoring
from tests.scoring.events import Feed, territory

END = date(2026, 6, 30)


def rows(**more: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demonstration_import(END, **more))))  # type: ignore[arg-type]


def test_it_is_the_same_every_time_and_another_with_another_seed() -> None:
    assert rows() == rows()
    assert rows() != rows(seed=26)


def test_values_lie_between_the_goalposts_and_say_what_they_are() -> None:
    goalposts = {one.code: one.goalposts for one in definition().indicators}
    found = rows()
    for row in found:
        assert (row["origin"], row["source"]) == ("demonstration", "made up for the demonstration")
        if row["value"]:
            posts = goalposts[row["indicator_code"]]
            assert posts.low <= float(row["value"]) <= posts.high, row
    assert "ACO3" not in {row["indicator_code"] for row in found}
    assert len({row["indicator_code"] for row in found}) == 24


def test_there_are_thirty_municipalities_some_with_gaps_and_osh_without() -> None:
    found = rows()
    reported = {code: [r for r in found if r["municipality_code"] == code] for code in municipalities()}
    assert len(reported) == 30
    assert len(reported[OSH]) == 24
    assert all(row["value"] for row in reported[OSH])
    assert sum(len(one) < 24 for one in reported.values()) > 10
    assert {row["state"] for row in found} == {"reported", "not_applicable", "suppressed"}


async def test_it_is_imported_as_it_is_and_ranks_nearly_all(scoring: Scoring, feed: Feed) -> None:
    await feed.deliver([territory(code, code) for code in municipalities()])
    answer = await scoring.post_csv(demonstration_import(END))
    assert answer.status_code == 201, answer.text
    live = await scoring.open(**PERIOD)
    assert (live["municipalities"], live["ranked"]) == (30, 29)
