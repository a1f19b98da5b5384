"""Imports over HTTP: all or nothing, every error named, the same file twice changes nothing."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.scoring.client import HEADER, Scoring, csv_of, full
from tests.scoring.events import NOOKAT, OSH, TALAS, Feed, organisation, territory

OK = f"{OSH},PAR1,2026-06-30,31.5,official,CEC"


async def errors(scoring: Scoring, body: str | bytes, **query: Any) -> list[tuple[str, str]]:
    """(pointer, code) of a refused file; nothing of it is stored."""
    answer = await scoring.post_csv(body, **query)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "import_refused"
    assert all(found["detail"] for found in problem["errors"])
    assert (await scoring.get("observations"))["items"] == []
    return [(found["pointer"], found["code"]) for found in problem["errors"]]


async def test_a_file_is_imported_and_the_same_again_changes_nothing(
    scoring: Scoring, service: RunningService
) -> None:
    live = await scoring.open()
    body = csv_of(full(OSH))
    first = await scoring.post_csv(body)
    assert first.status_code == 201
    done = first.json()
    assert (done["rows"], done["inserted"], done["revised"], done["unchanged"]) == (24, 24, 0, 0)
    assert first.headers["location"] == f"observations/imports/{done['id']}"
    shown = await scoring.get(first.headers["location"])
    assert shown == done
    version = (await scoring.get(f"runs/{live['id']}"))["version"]
    tables = ("observation", "observation_import", "audit", "event")
    counts = [await service.database.pool.fetchval(f"SELECT count(*) FROM {name}") for name in tables]

    again = await scoring.post_csv(body)

    assert again.status_code == 200
    assert "id" not in again.json()
    assert again.json()["unchanged"] == 24
    assert counts == [await service.database.pool.fetchval(f"SELECT count(*) FROM {name}") for name in tables]
    assert (await scoring.get(f"runs/{live['id']}"))["version"] == version


async def test_an_idempotency_key_gives_the_first_answer_again(
    scoring: Scoring, service: RunningService
) -> None:
    headers = {
        **scoring.headers("scoring:observations:write"),
        "content-type": "text/csv",
        "Idempotency-Key": "import-of-june",
    }
    path = "/v1/observations/imports?method=sji25"
    first, second = [
        await service.client.post(path, content=csv_of(full(OSH)), headers=headers) for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    other = await service.client.post(path, content=csv_of(full(NOOKAT)), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_correction_adds_a_version_and_keeps_the_old_one(
    scoring: Scoring, service: RunningService
) -> None:
    await scoring.add([(OSH, "PAR1", 20), (OSH, "PAR2", 10)])
    answer = await scoring.post_csv(csv_of([(OSH, "PAR1", 25), (OSH, "PAR2", 10)]))
    assert (answer.json()["revised"], answer.json()["unchanged"]) == (1, 1)
    items = (await scoring.get("observations", indicator="PAR1"))["items"]
    assert [(found["value"], found["version"]) for found in items] == [(25, 2)]
    rows = await service.database.pool.fetch(
        "SELECT value, superseded_at IS NULL AS current FROM observation WHERE indicator_code = 'PAR1' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [(20, False), (25, True)]
    audits = await service.database.pool.fetch("SELECT after FROM audit WHERE action = 'observations.import'")
    assert [row["after"]["revised"] for row in audits] == [0, 1]


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    scoring: Scoring, service: RunningService
) -> None:
    await scoring.add([(OSH, "PAR1", 20)])
    answer = await scoring.post_csv(csv_of([(OSH, "PAR1", 25), (OSH, "PAR2", 10)]), dry_run="true")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["dry_run"], found["inserted"], found["revised"]) == (True, 1, 1)
    assert await service.database.pool.fetchval("SELECT count(*) FROM observation") == 1
    assert await service.database.pool.fetchval("SELECT count(*) FROM observation_import") == 1
    refused = await scoring.post_csv(csv_of([(OSH, "ABC", 25)]), dry_run="true")
    assert refused.status_code == 422


async def test_every_bad_row_is_named_and_nothing_is_written(scoring: Scoring) -> None:
    rows = [
        OK,
        "99999999999999,PAR1,2026-06-30,1,official,x",
        f"{OSH},PAR9,2026-06-30,1,official,x",
        f"{OSH},ACO3,2026-06-30,80,official,x",
        f"{OSH},PAR2,2026-06-30,NaN,official,x",
        f"{OSH},PAR2,2026-06-30,-inf,official,x",
        f"{OSH},PAR2,2026-06-30,many,rumour,x",
        f"{OSH},PAR2,2026-02-30,1,official,x",
        f"{OSH},PAR2,2027-06-30,1,official,x",
        f'{OSH},PAR2,2026-06-30,1,official,"=HYPERLINK(""http://x"")"',
        f"{OSH},PAR2,2026-06-30,=1+1,official,@x",
        f"{OSH},PAR2,2026-06-30,,official,x",
        f"{OSH},PAR2,2026-06-30,1,official,{'x' * 301}",
        f"{OSH},PAR2,2026-06-30,1,official",
        f"{OSH},PAR1,2026-06-30,2,official,x",
        f'{OSH},PAR2,2026-06-30,1,official,"a\x00b"',
        "'; DROP TABLE run; --,PAR2,2026-06-30,1e5,official,x",
    ]
    assert await errors(scoring, "\n".join([HEADER, *rows])) == [
        ("/rows/3/municipality_code", "unknown_municipality"),
        ("/rows/4/indicator_code", "unknown_indicator"),
        ("/rows/5/indicator_code", "computed_indicator"),
        ("/rows/6/value", "not_finite"),
        ("/rows/7/value", "not_finite"),
        ("/rows/8/origin", "unknown_origin"),
        ("/rows/8/value", "not_a_number"),
        ("/rows/9/period_end", "no_such_day"),
        ("/rows/10/period_end", "in_future"),
        ("/rows/11/source", "formula_text"),
        ("/rows/12/source", "formula_text"),
        ("/rows/12/value", "formula_text"),
        ("/rows/13/value", "missing_cell"),
        ("/rows/14/source", "cell_too_long"),
        ("/rows/15", "wrong_cell_count"),
        ("/rows/16", "duplicate_key"),
        ("/rows/17/source", "control_character"),
        ("/rows/18/municipality_code", "unknown_municipality"),
        ("/rows/18/value", "not_a_number"),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("/rows/1", "empty_file")),
        (HEADER.encode(), ("/rows/2", "no_rows")),
        ((HEADER + "\n" + OK + "\n").encode() + "41721000000000,PAR2,2026-06-30,1,official,Ош\n".encode("cp1251"),
         ("/rows/3", "not_utf8")),
        ((HEADER + "\n" + OK).encode("utf-16"), ("/rows/1", "not_utf8")),
        (OK.encode(), ("/rows/1/municipality_code", "missing_column")),
        (HEADER.replace(",value", ""), ("/rows/1/value", "missing_column")),
        (HEADER + ",password\n", ("/rows/1/password", "unknown_column")),
        (HEADER + ",value\n", ("/rows/1/value", "duplicate_column")),
        (HEADER + '\n"' + OSH + ",PAR1", ("/rows/2", "malformed_csv")),
        (f"{HEADER}\n{OSH},PAR1,2026-06-30,1,official,{'x' * 200_000}", ("/rows/2", "cell_too_long")),
        (f"{HEADER}\n{OSH},{'P' * 5000},2026-06-30,1,official,x", ("/rows/2/indicator_code", "cell_too_long")),
    ],
)  # fmt: skip
async def test_files_that_cannot_be_read(
    scoring: Scoring, body: str | bytes, expected: tuple[str, str]
) -> None:
    assert expected in await errors(scoring, body)


async def test_too_many_rows_end_reading(scoring: Scoring) -> None:
    body = "\n".join([HEADER, *(["x"] * 20_001)])
    found = await errors(scoring, body)
    assert found[0] == ("/rows/20002", "too_many_rows")
    assert len(found) == 100, "the first of 20,001"


async def test_a_file_beyond_the_limit_is_refused(scoring: Scoring) -> None:
    answer = await scoring.post_csv(b"x" * (8 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_spreadsheet_with_semicolons_decimal_commas_and_a_byte_order_mark(scoring: Scoring) -> None:
    header = HEADER.replace(",", ";").upper()
    body = f"{header}\r\n{OSH};PAR1;2026-06-30;31,5;official;ЦИК, протокол\r\n;;;;;\r\n"
    answer = await scoring.post_csv(b"\xef\xbb\xbf" + body.encode())
    assert answer.status_code == 201, answer.text
    found = (await scoring.get("observations"))["items"][0]
    assert (found["value"], found["source"]) == (31.5, "ЦИК, протокол")


async def test_states_and_counts(scoring: Scoring) -> None:
    header = f"{HEADER},state,numerator,denominator"
    rows = [
        f"{OSH},RIG4,2026-06-30,,official,x,not_applicable,,",
        f"{OSH},RIG1,2026-06-30,,official,x,suppressed,,",
        f"{OSH},ACC2,2026-06-30,33.3,official,x,,1,3",
    ]
    assert (await scoring.post_csv("\n".join([header, *rows]))).status_code == 201
    live = await scoring.open()
    result = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    found = {one["code"]: one for one in result["indicators"]}
    assert found["RIG4"]["missing_reason"] == "not_applicable"
    assert found["RIG1"]["missing_reason"] == "suppressed"
    assert (found["ACC2"]["numerator"], found["ACC2"]["denominator"]) == (1, 3)
    rights = next(one for one in result["dimensions"] if one["code"] == "RIG")
    assert (rights["available"], rights["applicable"]) == (0, 4)


async def test_states_and_counts_that_do_not_fit(scoring: Scoring) -> None:
    header = f"{HEADER},state,numerator,denominator,observed_on"
    rows = [
        f"{OSH},RIG4,2026-06-30,5,official,x,not_applicable,,,",
        f"{OSH},RIG1,2026-06-30,,official,x,forgotten,,,",
        f"{OSH},ACC2,2026-06-30,50,official,x,,1,3,",
        f"{OSH},ACC2,2026-06-30,50,official,x,,1,,",
        f"{OSH},ACC2,2026-06-30,50,official,x,,0,0,",
        f"{OSH},ACC2,2026-06-30,50,official,x,,1.5,3,",
        f"{OSH},ACC2,2026-06-30,50,official,x,,,,2026-12-01",
    ]
    assert await errors(scoring, "\n".join([header, *rows])) == [
        ("/rows/2/value", "value_not_allowed"),
        ("/rows/3/state", "unknown_state"),
        ("/rows/4/value", "value_differs_from_ratio"),
        ("/rows/5/denominator", "bad_ratio"),
        ("/rows/6/denominator", "bad_ratio"),
        ("/rows/7/numerator", "not_a_count"),
        ("/rows/8/observed_on", "in_future"),
    ]


@pytest.mark.parametrize("state", ["suppressed", "not_applicable"])
async def test_what_is_not_shown_has_no_figures(scoring: Scoring, state: str) -> None:
    rows = [f"{OSH},ACC2,2026-06-30,,official,x,{state},1,2", f"{OSH},PAR4,2026-06-30,,official,x,{state},,7"]
    assert await errors(scoring, "\n".join([f"{HEADER},state,numerator,denominator", *rows])) == [
        ("/rows/2/numerator", "value_not_allowed"),
        ("/rows/2/denominator", "value_not_allowed"),
        ("/rows/3/denominator", "value_not_allowed"),
    ]


async def test_days_that_cannot_be(scoring: Scoring) -> None:
    rows = [
        f"{OSH},ACC2,2100-12-31,50,official,x,2026-06-30",
        f"{OSH},ACC2,2026-11-03,50,official,x,2026-06-30",
        f"{OSH},ACC2,2026-06-30,50,official,x,1990-01-01",
        f"{OSH},ACC2,2026-06-30,50,official,x,2025-06-29",
        f"{OSH},ACC2,2101-01-01,50,official,x,",
    ]
    assert await errors(scoring, "\n".join([f"{HEADER},observed_on", *rows])) == [
        ("/rows/2/period_end", "in_future"),
        ("/rows/3/period_end", "in_future"),
        ("/rows/4/observed_on", "observed_too_early"),
        ("/rows/5/observed_on", "observed_too_early"),
        ("/rows/6/period_end", "day_out_of_range"),
    ]
    rows = [
        f"{OSH},ACC2,2026-11-02,50,official,x,",
        f"{OSH},PAR4,2026-06-30,50,official,x,2026-11-02",
        f"{OSH},PAR1,2026-06-30,50,official,an election,2021-06-30",
        f"{OSH},ACC5,2026-06-30,50,official,x,2025-06-30",
    ]
    answer = await scoring.post_csv("\n".join([f"{HEADER},observed_on", *rows]))
    assert answer.status_code == 201, answer.text


async def test_a_share_is_what_its_figures_give(scoring: Scoring) -> None:
    header = f"{HEADER},numerator,denominator"
    rows = [
        f"{OSH},ACC1,2026-06-30,50,official,x,3,2",
        f"{OSH},ACC1,2026-06-30,50,official,x,1,3",
        f"{OSH},ACO2,2026-06-30,50,official,x,1,3",
        f"{OSH},RIG2,2026-06-30,3,official,x,3,100",
        f"{OSH},RIG2,2026-06-30,3,official,x,3,2",
    ]
    assert await errors(scoring, "\n".join([header, *rows])) == [
        ("/rows/2/numerator", "numerator_above_denominator"),
        ("/rows/3/value", "value_differs_from_ratio"),
        ("/rows/4/value", "value_differs_from_ratio"),
        ("/rows/5/value", "value_differs_from_ratio"),
        ("/rows/6/numerator", "numerator_above_denominator"),
    ]
    rows = [
        f"{OSH},ACC1,2026-06-30,33.3,official,x,1,3",
        f"{OSH},RIG2,2026-06-30,30,official,x,3,100",
        f"{OSH},PAR3,2026-06-30,1.2,official,x,3,2",
        f"{OSH},BUD5,2026-06-30,140,official,x,7,2",
    ]
    answer = await scoring.post_csv("\n".join([header, *rows]))
    assert answer.status_code == 201, answer.text


async def test_minus_nought_is_nought(scoring: Scoring) -> None:
    await scoring.add([(OSH, "ACC2", "-0.0"), (OSH, "PAR5", "-0")])
    answer = await scoring.get("observations")
    assert [str(found["value"]) for found in answer["items"]] == ["0.0", "0.0"]


async def test_observed_on_alone_names_the_period(scoring: Scoring) -> None:
    body = f"{HEADER.replace('period_end', 'observed_on')}\n{OK}\n"
    assert (await scoring.post_csv(body)).status_code == 201
    found = (await scoring.get("observations"))["items"][0]
    assert (found["period_end"], found["observed_on"]) == ("2026-06-30", "2026-06-30")


async def test_errors_are_told_in_the_callers_language(scoring: Scoring, service: RunningService) -> None:
    headers = {**scoring.headers("scoring:observations:write"), "content-type": "text/csv"}
    seen = set()
    for language in ("ky", "ru", "en"):
        answer = await service.client.post(
            "/v1/observations/imports?method=sji25",
            content=csv_of([(OSH, "PAR9", 1)]),
            headers={**headers, "Accept-Language": language},
        )
        problem = answer.json()
        seen.add((problem["title"], problem["detail"], problem["errors"][0]["detail"]))
        assert "1" in problem["detail"]
    assert len(seen) == 3


async def test_only_csv_of_a_known_method_is_taken(scoring: Scoring, service: RunningService) -> None:
    headers = scoring.headers("scoring:observations:write")
    answer = await service.client.post("/v1/observations/imports?method=sji25", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["accept-post"] == "text/csv"
    unknown = await scoring.post_csv(csv_of([(OSH, "PAR1", 1)]), method="nothing")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/query/method")


async def test_a_municipality_reports_for_itself_only(service: RunningService, feed: Feed) -> None:
    mayor = seed_id("organisation", OSH)
    await feed.deliver([organisation(mayor, OSH)])

    async def sent_by(organisation: UUID | None, rows: list[tuple[str, str, object]]) -> Any:
        token = service.headers("scoring:observations:write", org=organisation, roles=("municipality",))
        return await service.client.post(
            "/v1/observations/imports?method=sji25",
            content=csv_of(rows),
            headers={**token, "content-type": "text/csv"},
        )

    own = await sent_by(mayor, [(OSH, "PAR1", 30)])
    assert own.status_code == 201
    foreign = await sent_by(mayor, [(OSH, "PAR2", 10), (TALAS, "PAR1", 0)])
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_municipality")
    assert foreign.json()["errors"][0]["pointer"] == "/rows/3/municipality_code"
    assert (await sent_by(uuid4(), [(OSH, "PAR1", 50)])).status_code == 403
    nobody = await sent_by(None, [(OSH, "PAR1", 50)])
    assert (nobody.status_code, nobody.json()["code"]) == (403, "no_organisation")
    assert await service.database.pool.fetchval("SELECT count(*) FROM observation") == 1


async def test_corrections_of_one_value_at_once_each_count(scoring: Scoring, service: RunningService) -> None:
    live = await scoring.open()
    answers = await asyncio.gather(*(scoring.post_csv(csv_of([(OSH, "PAR1", n)])) for n in range(1, 9)))
    assert [found.status_code for found in answers] == [201] * 8
    rows = await service.database.pool.fetch(
        "SELECT version, value, superseded_at FROM observation ORDER BY version"
    )
    assert [row["version"] for row in rows] == list(range(1, 9))
    current = [row["value"] for row in rows if row["superseded_at"] is None]
    assert len(current) == 1
    assert (await scoring.indicator(live["id"], "PAR1"))["value"] == current[0]


async def test_the_list_is_filtered_and_paged(scoring: Scoring) -> None:
    await scoring.add([*full(OSH), *full(NOOKAT)])
    await scoring.add([(OSH, "PAR1", 30)], period_end="2025-12-31")
    one = (await scoring.get("observations", municipality=OSH, indicator="PAR1"))["items"]
    assert [found["period_end"] for found in one] == ["2025-12-31", "2026-06-30"]
    assert len((await scoring.get("observations", period_end="2025-12-31", method="sji25"))["items"]) == 1
    seen: list[str] = []
    page = await scoring.get("observations", limit=20)
    while True:
        seen += [found["id"] for found in page["items"]]
        if "next_cursor" not in page:
            break
        page = await scoring.get("observations", limit=20, cursor=page["next_cursor"])
    assert len(seen) == len(set(seen)) == 49


async def test_ten_thousand_rows_are_quick(scoring: Scoring, feed: Feed) -> None:
    codes = [f"41799{n:09d}" for n in range(417)]
    await feed.deliver([territory(code, f"Место {code}") for code in codes])
    live = await scoring.open()
    body = csv_of(row for code in codes for row in full(code))
    started = time.perf_counter()
    answer = await scoring.post_csv(body)
    seconds = time.perf_counter() - started
    assert answer.json()["inserted"] == 10_008
    assert (await scoring.get(f"runs/{live['id']}"))["ranked"] == 417
    started = time.perf_counter()
    again = await scoring.post_csv(body)
    print(f"10,008 rows: {seconds:.2f} s; the same again: {time.perf_counter() - started:.2f} s")
    assert again.json()["unchanged"] == 10_008
    assert seconds < 10
