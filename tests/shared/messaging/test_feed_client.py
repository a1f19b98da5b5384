"""Reading another's feed while its owner is away, busy or gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shared.messaging.feed_client import LONGEST_WAIT, FeedFailed, FeedGone, FeedPage, http_pages

PAGE = httpx.Response(200, json={"items": [], "next": "e-1", "more": False})


@dataclass
class Owner:
    """Gives one answer after another; an exception is raised."""

    answers: Sequence[httpx.Response | Exception]
    asked: list[Any] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    async def get(self, url: str, *, params: Any) -> httpx.Response:
        self.asked.append(params)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def first_page(self) -> FeedPage:
        async for page in http_pages(self, attempts=4, sleep=self.wait)(()):
            return page
        raise AssertionError("a feed is endless")


def busy(status: int, retry_after: str | None = None) -> httpx.Response:
    headers = {"date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    return httpx.Response(status, headers=headers | ({"retry-after": retry_after} if retry_after else {}))


@pytest.mark.parametrize(
    "trouble",
    [
        *(busy(status) for status in (429, 500, 502, 503, 504)),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
    ],
)
async def test_trouble_passes(trouble: httpx.Response | Exception) -> None:
    owner = Owner([trouble, trouble, PAGE])
    assert (await owner.first_page()).next == "e-1"
    assert len(owner.waited) == 2
    assert owner.asked[0] == owner.asked[2], "the same page"
    assert all(0 < seconds < 5 for seconds in owner.waited)


async def test_trouble_that_stays_ends_it() -> None:
    owner = Owner([busy(503)])
    with pytest.raises(FeedFailed, match="503"):
        await owner.first_page()
    assert (len(owner.asked), len(owner.waited)) == (4, 3)
    with pytest.raises(httpx.ConnectError):
        await Owner([httpx.ConnectError("nobody")]).first_page()


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("7", 7, 7),
        ("99999", LONGEST_WAIT, LONGEST_WAIT),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30, 30),
        ("Wed, 21 Oct 2026 09:28:00 GMT", LONGEST_WAIT, LONGEST_WAIT),
        ("Wed, 21 Oct 2026 07:28:30", 0, 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 1),
        ("soon", 0, 1),
        ("-5", 0, 1),
        ("", 0, 1),
    ],
)
async def test_the_owner_says_when(given: str, least: float, most: float) -> None:
    owner = Owner([busy(503, given), PAGE])
    await owner.first_page()
    assert least <= owner.waited[0] <= most


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (busy(410), FeedGone),
        (busy(404), FeedFailed),
        (busy(401), FeedFailed),
        (httpx.Response(200), FeedFailed),
    ],
)
async def test_what_does_not_pass_is_not_asked_again(answer: httpx.Response, error: type[Exception]) -> None:
    owner = Owner([answer])
    with pytest.raises(error):
        await owner.first_page()
    assert (len(owner.asked), owner.waited) == (1, [])
