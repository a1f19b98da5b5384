"""On which days an act is in force: one rule, held against a day-by-day reading of it."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.legal.domain import ActKind, ActStatus, EffectKind, effect_problems
from services.registry.legal.links import ActLink, Site, link_problems, site_of
from services.registry.legal.periods import Force, Life, Met, force_on, periods

FIRST = date(2024, 1, 1)
days = st.integers(0, 60).map(lambda number: FIRST + timedelta(number))
suspensions = st.builds(
    lambda since, length: Met(EffectKind.SUSPENDS, since, since + timedelta(length) if length else None),
    days,
    st.integers(0, 20),
)
repeals = st.builds(Met, st.just(EffectKind.REPEALS), days)
lives = st.builds(
    Life,
    signed=days,
    in_force_from=st.none() | days,
    stated=st.sampled_from(ActStatus),
    recorded_on=days,
    met=st.lists(suspensions | repeals, max_size=4).map(tuple),
)


@given(lives)
def test_periods_cover_all_days_and_say_what_the_rule_says(life: Life) -> None:
    found = periods(life)
    assert found[0].start is None
    assert found[-1].end is None
    for one, following in itertools.pairwise(found):
        assert one.end == following.start
        assert one.force is not following.force
    for number in range(-2, 90):
        day = FIRST + timedelta(number)
        [holding] = [
            one
            for one in found
            if (one.start is None or one.start <= day) and (one.end is None or day < one.end)
        ]
        assert holding.force is force_on(life, day), day


@given(lives)
def test_nothing_revives_after_a_repeal(life: Life) -> None:
    if life.repealed_on is not None:
        assert periods(life)[-1].force is Force.REPEALED
        assert all(
            force_on(life, life.repealed_on + timedelta(number)) is Force.REPEALED for number in range(60)
        )


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (Life(FIRST, None, ActStatus.UNKNOWN, FIRST), Force.UNKNOWN),
        (Life(FIRST, FIRST, ActStatus.UNKNOWN, FIRST), Force.IN_FORCE),
        (Life(FIRST, None, ActStatus.REPEALED, FIRST + timedelta(20)), Force.UNKNOWN),
        (Life(FIRST, None, ActStatus.REPEALED, FIRST + timedelta(10)), Force.REPEALED),
        (Life(FIRST, FIRST + timedelta(11), ActStatus.IN_FORCE, FIRST), Force.NOT_YET_IN_FORCE),
        (
            Life(FIRST, None, ActStatus.UNKNOWN, FIRST, (Met(EffectKind.REPEALS, FIRST + timedelta(11)),)),
            Force.IN_FORCE,
        ),
    ],
)
def test_what_is_not_known_is_not_said(life: Life, expected: Force) -> None:
    assert force_on(life, FIRST + timedelta(10)) is expected


def act(number: int, kind: ActKind = ActKind.CABINET_DECREE, **changes: object) -> dict[str, object]:
    return {"id": number, "kind": kind, "date": FIRST, "in_force_from": None} | changes


LATER = FIRST + timedelta(5)
REPEALS, AMENDS, SUSPENDS = EffectKind.REPEALS, EffectKind.AMENDS, EffectKind.SUSPENDS


@pytest.mark.parametrize(
    ("kind", "one", "other", "since", "until", "errors"),
    [
        (REPEALS, act(1), act(2), LATER, None, {}),
        (AMENDS, act(1), act(2), None, None, {}),
        (SUSPENDS, act(1), act(2), LATER, LATER + timedelta(1), {}),
        (REPEALS, act(1), act(1), LATER, None, {"/target_id": "own_act"}),
        (REPEALS, act(1), act(2, ActKind.EVENT), LATER, None, {"/target_id": "no_act"}),
        (REPEALS, act(1, ActKind.MINISTRY_ORDER), act(2), LATER, None, {"/target_id": "lower_act"}),
        (REPEALS, act(1), act(2, date=LATER), LATER, None, {"/target_id": "adopted_later"}),
        (REPEALS, act(1), act(2), None, None, {"/since": "missing"}),
        (REPEALS, act(1), act(2), FIRST - timedelta(1), None, {"/since": "before_adoption"}),
        (REPEALS, act(1, in_force_from=LATER), act(2), FIRST, None, {"/since": "before_its_act"}),
        (REPEALS, act(1), act(2), date(2150, 1, 1), None, {"/since": "too_far_ahead"}),
        (REPEALS, act(1), act(2), LATER, LATER + timedelta(1), {"/until": "only_suspension_ends"}),
        (SUSPENDS, act(1), act(2), LATER, LATER, {"/until": "not_after_since"}),
    ],
)
def test_effects_that_cannot_be(kind, one, other, since, until, errors) -> None:
    found = effect_problems(kind, one, other, since, until, LATER, retroactive=False)
    assert {error.pointer: error.code for error in found} == errors


def test_a_provision_may_reach_back_but_not_before_adoption() -> None:
    one, other = act(1, in_force_from=LATER), act(2)
    assert effect_problems(REPEALS, one, other, FIRST, None, LATER, retroactive=True) == []
    early = effect_problems(REPEALS, one, other, FIRST - timedelta(1), None, LATER, retroactive=True)
    assert [error.code for error in early] == ["before_adoption"]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://cbd.minjust.gov.kg/act/view/ky-kg/205360", Site.MINJUST),
        ("https://online.toktom.kg/document/1", Site.TOKTOM),
        ("https://mvd.gov.kg/ministry/normative-acts/22", Site.OTHER),
        ("https://cbd.minjust.gov.kg.example.org/1", Site.OTHER),
        ("https://nottoktom.kg/1", Site.OTHER),
        ("https://cbd.minjust.gov.kg@example.org/1", None),
        ("https://cbd.minjust.gov.kg:8443/1", None),
        ("https://[::1/1", None),
        ("https://localhost/1", None),
        ("https://example.org\\@cbd.minjust.gov.kg/1", None),
        ("http://cbd.minjust.gov.kg/1", None),
    ],
)
def test_an_address_is_of_the_site_it_says(url: str, site: Site | None) -> None:
    assert site_of(url) is site


@given(st.text(max_size=60))
def test_no_address_breaks_the_check(tail: str) -> None:
    assert site_of(f"https://{tail}") in {None, *Site}


def test_links_are_named_one_by_one() -> None:
    links = [
        ActLink(site=Site.MINJUST, url="https://cbd.minjust.gov.kg/1"),
        ActLink(site=Site.TOKTOM, url="https://cbd.minjust.gov.kg/2"),
        ActLink(site=Site.MINJUST, url="https://cbd.minjust.gov.kg/1"),
    ]
    found = {error.pointer: error.code for error in link_problems(links, "/act")}
    assert found == {"/act/links/1/url": "not_of_site", "/act/links/2/url": "link_repeated"}
