from datetime import date
from itertools import product

import pytest

from services.ideas_market.ideas.domain import (
    MOVES,
    NotADraft,
    State,
    WrongState,
    editable,
    idea_code,
    move,
    problems,
)

ALLOWED = {
    ("draft", "published"),
    ("draft", "withdrawn"),
    ("published", "reserved"),
    ("published", "withdrawn"),
    ("reserved", "published"),
    ("reserved", "funded"),
    ("funded", "done"),
}

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(("current", "wanted"), list(product(State, State)))
def test_moves(current: State, wanted: State) -> None:
    if (current, wanted) in ALLOWED:
        assert move(current, wanted) is wanted
    else:
        with pytest.raises(WrongState):
            move(current, wanted)


def test_every_state_is_reachable_and_none_leads_back_to_a_draft() -> None:
    reached = {wanted for moves in MOVES.values() for wanted in moves}
    assert reached == set(State) - {State.DRAFT}


def test_only_drafts_are_edited() -> None:
    editable("draft")
    with pytest.raises(NotADraft):
        editable("published")


def test_codes_sort_within_a_year() -> None:
    assert idea_code(2026, 7) == "IDEA-2026-0007"
    assert idea_code(2026, 12345) == "IDEA-2026-12345"


def test_all_problems_are_told_at_once() -> None:
    found = {problem.pointer: problem.code for problem in problems({"title": {"ky": "x"}}, TODAY)}
    assert found == {
        "/summary": "missing",
        "/problem": "missing",
        "/goal": "missing",
        "/sector": "missing",
        "/municipality_code": "missing",
        "/activities": "no_activities",
        "/budget_lines": "no_budget_lines",
    }


def test_an_activity_does_not_end_before_it_starts() -> None:
    activities = [
        {"title": {"ky": "x"}, "starts": "2026-05-01", "ends": "2026-05-01"},
        {"title": {"ky": "x"}, "starts": "2026-05-01", "ends": "2026-04-30"},
        {"title": {"ky": "x"}, "starts": "2026-05-01"},
    ]
    found = [problem.pointer for problem in problems({"activities": activities}, TODAY)]
    assert [pointer for pointer in found if pointer.startswith("/activities")] == ["/activities/1/ends"]


def test_what_was_over_long_ago_is_no_plan() -> None:
    activities = [
        {"title": {"ky": "x"}, "starts": "2019-05-01", "ends": "2019-06-01"},
        {"title": {"ky": "x"}, "starts": "2025-11-21"},
        {"title": {"ky": "x"}, "starts": "2019-05-01", "ends": "2027-06-01"},
        {"title": {"ky": "x"}, "starts": "2025-11-22"},
    ]
    found = {
        problem.pointer: problem.code
        for problem in problems({"activities": activities}, TODAY)
        if problem.pointer.startswith("/activities")
    }
    assert found == {"/activities/0/ends": "long_past", "/activities/1/starts": "long_past"}


def test_a_plan_is_neither_longer_nor_further_ahead_than_ten_years() -> None:
    activities = [
        {"title": {"ky": "x"}, "starts": "1900-01-01", "ends": "2199-02-01"},
        {"title": {"ky": "x"}, "starts": "2199-02-01"},
        {"title": {"ky": "x"}, "starts": "1900-01-01", "ends": "2026-12-01"},
        {"title": {"ky": "x"}, "starts": "2026-11-23", "ends": "2036-11-23"},
        {"title": {"ky": "x"}, "starts": "2036-11-25"},
    ]
    found = {
        problem.pointer: problem.code
        for problem in problems({"activities": activities}, TODAY)
        if problem.pointer.startswith("/activities")
    }
    assert found == {
        "/activities/0/ends": "too_far_ahead",
        "/activities/1/starts": "too_far_ahead",
        "/activities/2/starts": "activity_too_long",
        "/activities/4/starts": "too_far_ahead",
    }
