"""Errors of fields: codes of ours, texts in three languages, never more than a hundred."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core.core_schema import ErrorType

from services.monitoring import main as monitoring
from services.monitoring.campaigns.service import ReferencesMissing
from services.scoring.spec import SPEC as SCORING
from shared.http.catalogue import LANGUAGES, Catalogue
from shared.http.errors import FieldError
from shared.http.field_errors import PYDANTIC_CODES, field_error
from tests.kit.service import RunningService, StartService


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_of_the_library_has_a_text(language):
    texts = Catalogue(()).texts[language]
    for code in PYDANTIC_CODES:
        assert f"field.{code}" in texts, code


def test_every_type_of_the_library_has_a_code_of_ours():
    for kind in get_args(ErrorType):
        error = field_error({"type": kind, "loc": ("body", "a"), "msg": "x"})
        assert error.code in PYDANTIC_CODES | {"invalid_value"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title": "a", "rank": "1"}, "int_type"),
        ({"title": "a", "rank": 1.5}, "int_type"),
        ({"title": "a", "rank": 101}, "less_than_equal"),
        ({"title": "a\u202e"}, "direction_override"),
        ({"title": "x" * 301}, "string_too_long"),
        ({"title": "\u200b"}, "string_too_short"),
        ({"title": ["a"]}, "string_type"),
        ({"title": "a", "tilte": 1}, "extra_forbidden"),
        ({}, "missing"),
        ([], "model_attributes_type"),
    ],
)
async def test_a_text_is_in_the_language_asked_for(sample: RunningService, writer, body, code):
    texts = set()
    for language in LANGUAGES:
        answer = await sample.client.post(
            "/v1/notes", json=body, headers=writer | {"Accept-Language": language}
        )
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (422, code)
        assert bool(re.search("[а-яёөүң]", error["detail"])) == (language != "en"), error
        assert not re.search(r"\{|Input should|pydantic", error["detail"])
        texts.add(error["detail"])
    assert len(texts) == 3


async def test_an_answer_has_a_hundred_errors_and_says_how_many_there_are(sample: RunningService, writer):
    body = {"title": "a", **{f"unknown{number}": 1 for number in range(5_000)}}
    answer = await sample.client.post("/v1/notes", json=body, headers=writer)
    found = answer.json()
    assert (answer.status_code, len(found["errors"]), found["errors_total"]) == (422, 100, 5_000)
    one = (await sample.client.post("/v1/notes", json={}, headers=writer)).json()
    assert (len(one["errors"]), one["errors_total"]) == (1, 1)


async def test_a_name_of_the_caller_is_not_echoed_at_length(sample: RunningService, writer):
    answer = await sample.client.post("/v1/notes", json={"title": "a", "x" * 100_000: 1}, headers=writer)
    assert len(answer.content) < 1_000


async def test_a_file_of_bad_rows_is_answered_shortly(start_service: StartService):
    scoring = await start_service(SCORING)
    rows = "".join(f"{number},X,never,?,nobody,\n" for number in range(5_000))
    await scoring.database.pool.execute("SELECT 1")
    headers = scoring.headers("scoring:observations:write", roles=("analyst",)) | {"content-type": "text/csv"}
    answer = await scoring.client.post(
        "/v1/observations/imports?method=sji25",
        content="municipality_code,indicator_code,period_end,value,origin,source\n" + rows,
        headers=headers,
    )
    assert answer.status_code == 422
    assert len(answer.content) < 50_000
    found = answer.json()
    if found["code"] == "import_refused":
        assert len(found["errors"]) == 100
        assert found["errors_total"] > 5_000


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/v1/notes?limit=1&limit=2", "/query/limit", "repeated_parameter"),
        ("/v1/notes?title=a&title=a", "/query/title", "repeated_parameter"),
        ("/v1/changes?limit=1&limit=1", "/query/limit", "repeated_parameter"),
    ],
)
async def test_a_parameter_is_given_once(sample: RunningService, path, pointer, code):
    answer = await sample.client.get(path)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


async def test_a_list_may_be_repeated(sample: RunningService):
    twice = "type=sample.note.changed.v1&type=sample.note.changed.v1"
    answer = await sample.client.get(f"/v1/changes?{twice}")
    assert answer.json()["code"] == "feed_not_ready", "no sequencer runs here, so it got as far as the feed"


def test_parameters_fill_the_text():
    error = FieldError("/a", "", "greater_than_equal", {"ge": 3})
    assert Catalogue(()).field_error(error, "en")["detail"] == "At least 3."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_stands_in_a_text_as_people_write_one(language: str) -> None:
    folder = Path(monitoring.__file__).parent / "locales"
    text = Catalogue([folder]).detail(ReferencesMissing(missing=["41708", "41721"]), language)
    assert "41708, 41721" in text
    assert "[" not in text
