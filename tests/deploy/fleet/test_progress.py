"""When the workers of a service are at rest."""

from typing import Any

import pytest

from deploy.fleet.progress import Progress, at_rest


def member(unpublished: int = 0, **consumer: Any) -> Progress:
    told = {"name": "visits", "partitions": 6, "of": 6, "lag": 0, "retrying": 0, "consuming": True}
    return {"unpublished": unpublished, "consumers": [{**told, **consumer}]}


def test_one_worker_that_holds_everything() -> None:
    assert at_rest([member()])


@pytest.mark.parametrize(
    "busy",
    [
        {"unpublished": 1},
        {"lag": 1},
        {"lag": None},
        {"partitions": 5},
        {"retrying": 1},
        {"consuming": False},
    ],
)
def test_one_that_has_something_to_do(busy: dict[str, Any]) -> None:
    assert not at_rest([member(**busy)])


def test_members_share_the_partitions() -> None:
    assert at_rest([member(partitions=4), member(partitions=2)])
    assert at_rest([member(partitions=6), member(partitions=0)]), "one may be left over"
    assert not at_rest([member(partitions=3), member(partitions=2)]), "one is nobody's"
    assert not at_rest([member(partitions=4), member(partitions=4)]), "two are disputed"
    assert not at_rest([member(partitions=4), member(partitions=2, lag=3)])


def test_silence_is_no_rest() -> None:
    assert not at_rest([member(), None])
    assert not at_rest([None])
    assert not at_rest([])


def test_a_service_without_consumers() -> None:
    assert at_rest([{"unpublished": 0, "consumers": []}])
