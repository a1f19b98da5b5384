"""Two at once: one wins, the other is told, nothing is half done."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.registry.conftest import NOON, REGISTRAR, events
from tests.registry.standards.conftest import Desk, content
from tests.registry.standards.test_domain import FIRST, painted


async def test_two_registrars_on_one_draft(desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    answers = await asyncio.gather(
        desk.edit(standard, 1, content(documents=[])), desk.edit(standard, 1, content(refusal_grounds=[]))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    kept = next(answer for answer in answers if answer.status_code == 200).json()
    shown = await desk.service.client.get(f"/v1/standards/{standard}/draft", headers=desk.registrar)
    assert shown.json() == kept


async def test_two_adoptions_at_once(desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    answers = await asyncio.gather(
        desk.adopt(standard, 1, "2026-03-01"), desk.adopt(standard, 1, "2026-04-01")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await events(desk.service, "standard.adopted")) == 1
    assert await desk.service.database.pool.fetchval("SELECT count(*) FROM standard_version") == 1


async def test_adoption_and_edit_at_once_never_adopt_half_a_draft(desk: Desk):
    for attempt in range(4):
        standard = (await desk.draft(await desk.propose(f"S-{attempt}"))).json()["standard_id"]
        adopted, edited = await asyncio.gather(
            desk.adopt(standard, 1, "2026-03-01"), desk.edit(standard, 1, content(documents=[]))
        )
        assert sorted([adopted.status_code, edited.status_code]) == [200, 412]
        in_force = (await desk.service.client.get(f"/v1/standards/{standard}")).json().get("in_force")
        if adopted.status_code == 200:
            assert in_force["documents"], "the draft that was read is the one adopted"
        else:
            assert in_force is None


async def test_an_idempotency_key_used_twice_at_once_drafts_once(desk: Desk):
    service_id = await desk.propose()
    headers = desk.service.headers(*REGISTRAR, org=desk.body) | {"Idempotency-Key": "draft-0001"}
    body = {"service_id": service_id, **content()}
    answers = await asyncio.gather(
        *(desk.service.client.post("/v1/standards", json=body, headers=headers) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await desk.service.database.pool.fetchval("SELECT count(*) FROM standard") == 1
    other = await desk.service.client.post("/v1/standards", json=body | {"tiers": []}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_adopting_and_changing_the_service_at_once_keeps_its_page_whole(desk: Desk):
    service_id = await desk.propose()
    standard = (await desk.draft(service_id)).json()["standard_id"]
    version = (await desk.service.client.get(f"/v1/services/{service_id}")).headers["etag"]
    adopted, changed = await asyncio.gather(
        desk.adopt(standard, 1, "2026-03-01"),
        desk.service.client.patch(
            f"/v1/services/{service_id}",
            json={"sector": "registration"},
            headers=desk.registrar | {"If-Match": version},
        ),
    )
    assert adopted.status_code == 200
    assert changed.status_code in (200, 412)
    page = (await desk.service.client.get(f"/v1/services/{service_id}")).json()
    assert page["standard"]["number"] == 1
    assert ("sector" in page) == (changed.status_code == 200)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("adopt"), st.integers(0, 29), st.none() | st.integers(1, 10)),
        st.tuples(st.just("repeal"), st.integers(0, 29), st.none()),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(taken=steps)
async def test_every_read_of_both_times_equals_a_naive_model(desk: Desk, clock, taken):
    """After each step a calendar of colours is photographed; later any photograph can be asked for."""
    clock.moment = NOON
    standard = (await desk.draft(await desk.propose(f"S-{uuid4()}"))).json()["standard_id"]
    version, photographs = 1, [(NOON, {})]
    done = []
    for index, (kind, start, length) in enumerate(taken):
        clock.moment = NOON + timedelta(hours=index + 1)
        if kind == "adopt":
            if version > 1:
                version = (await desk.edit(standard, version)).json()["version"]
            end = None if length is None else FIRST + timedelta(days=start + length)
            answer = await desk.adopt(standard, version, FIRST + timedelta(days=start), end)
        else:
            answer = await desk.repeal(standard, version, FIRST + timedelta(days=start))
            if answer.status_code == 409:
                continue
        assert answer.status_code == 200, answer.text
        version = int(answer.headers["etag"].strip('"').partition(".")[0])
        done.append((kind, start, length))
        photographs.append((clock.moment, painted(done)))
    for moment, colours in photographs:
        for offset in range(0, 45, 6):
            read = await desk.service.client.get(
                f"/v1/standards/{standard}",
                params={"as_of": str(FIRST + timedelta(days=offset)), "known_at": moment.isoformat()},
                headers=desk.registrar,
            )
            assert read.json().get("in_force", {}).get("number") == colours.get(offset), (
                moment,
                offset,
                done,
            )
