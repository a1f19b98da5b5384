"""RFC 9110: If-Match is compared strongly, If-None-Match weakly; both take lists and `*`."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import local_date
from shared.http.conditional import Precondition, etag, known_already
from tests.kit.service import RunningService

opaque = st.text(st.characters(codec="latin-1", exclude_characters='"\x7f', min_codepoint=0x21), max_size=12)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"1.abc"', 200),
        ('"1"', 200),
        ("*", 200),
        ('"7", "1.x"', 200),
        ('"7","8" ,\t"1"', 200),
        ('W/"1.abc"', 412),
        ('W/"1", "2"', 412),
        ('"11"', 412),
        ('"of-somebody-else"', 412),
        ('""', 412),
        ("1", 400),
        ('"1', 400),
        ('"1" or "2"', 400),
        ('*, "1"', 400),
        ("", 400),
    ],
)
async def test_if_match(sample: RunningService, writer, header, status):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    answer = await sample.client.put(
        f"/v1/notes/{note['id']}", json={"title": "b"}, headers=writer | {"If-Match": header}
    )
    assert answer.status_code == status, answer.text


async def test_if_match_in_several_lines_is_one_list(sample: RunningService, writer):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    lines = [*writer.items(), ("If-Match", '"7"'), ("If-Match", '"1"')]
    answer = await sample.client.put(f"/v1/notes/{note['id']}", json={"title": "b"}, headers=lines)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"x", W/{tag}', 304),
        ('"a,b",{tag}', 304),
        ("*", 304),
        ('"x{inner}y"', 200),
        ('"x", "{inner}z"', 200),
        ('"x,{inner}"', 200),
        ("{inner}", 200),
        ("nonsense {tag}", 200),
    ],
)
async def test_if_none_match_of_route_and_hot_read(sample: RunningService, writer, header, status):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    page = uuid4()
    await sample.database.pool.execute(
        "INSERT INTO page VALUES ($1, $2, $3, $4)",
        page,
        local_date(sample.runtime.clock.now()),
        b"{}",
        etag(3, b"{}"),
    )
    for path in (f"/v1/notes/{note['id']}", f"/v1/pages/{page}"):
        tag = (await sample.client.get(path)).headers["etag"]
        sent = header.replace("{tag}", tag).replace("{inner}", tag.strip('"'))
        answer = await sample.client.get(path, headers={"If-None-Match": sent})
        assert answer.status_code == status, path
        assert answer.headers["etag"] == tag


@given(st.lists(st.tuples(st.booleans(), opaque), min_size=1, max_size=5), opaque)
def test_a_list_names_what_it_holds(tags, mine):
    header = ", ".join(f'{"W/" if weak else ""}"{text}"' for weak, text in tags)
    assert known_already(header, f'"{mine}"') == (mine in [text for _, text in tags])


@given(st.integers(0, 10**12), st.binary(max_size=20))
def test_our_own_tags_are_understood(version, content):
    tag = etag(version, content)
    assert Precondition.read(tag).holds(version)
    assert not Precondition.read(f"W/{tag}").holds(version)
    assert not Precondition.read(tag).holds(version + 1)
