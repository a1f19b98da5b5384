"""Row-level differences: of two versions for everybody, of a draft for its body."""

from copy import deepcopy
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.standards.content import StandardContent
from services.registry.standards.differences import Change, differences
from tests.registry.standards.conftest import Desk, content

texts = st.sampled_from(["", "x", "y"])
rows = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.fixed_dictionaries({"ky": texts}))


@given(rows, rows)
def test_they_lead_from_one_to_the_other(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]):
    found = differences(StandardContent(rows=before), StandardContent(rows=after))
    applied = dict(before)
    for one in found:
        assert before.get(one.row) == one.before
        if one.change is Change.REMOVED:
            del applied[one.row]
        else:
            assert (one.change is Change.ADDED) is (one.row not in before)
            applied[one.row] = one.after
    assert applied == after
    assert differences(StandardContent(rows=after), StandardContent(rows=after)) == []


def test_places_do_not_count():
    grounds = [{"code": code, "text": {"ky": code}} for code in ("one", "two")]
    first = StandardContent.model_validate({"refusal_grounds": grounds})
    second = StandardContent.model_validate({"refusal_grounds": grounds[::-1]})
    assert differences(first, second) == []


async def test_two_versions_and_a_draft(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    url, client = f"/v1/standards/{standard}", desk.service.client
    changed = deepcopy(content(documents=[]))
    changed["tiers"][0]["fees"][0]["amount"] = "150.00"
    changed["tiers"].append(changed["tiers"][0] | {"code": "urgent", "urgency": "urgent"})
    await desk.edit(standard, 2, changed)
    draft = await client.get(f"{url}/draft/differences", headers=desk.registrar)
    said = [(row["row"], row["change"]) for row in draft.json()["rows"]]
    assert said == [
        ("tiers/ordinary", "changed"),
        ("tiers/urgent", "added"),
        ("documents/passport", "removed"),
    ]
    assert draft.json()["before"] == 1
    assert (await client.get(f"{url}/draft/differences")).status_code == 401
    assert (await desk.adopt(standard, 3, "2026-06-01", number="8")).status_code == 200
    public = (await client.get(f"{url}/differences", params={"before": 1, "after": 2})).json()
    assert [(row["row"], row["change"]) for row in public["rows"]] == said
    fees = [public["rows"][0][side]["fees"][0]["amount"] for side in ("before", "after")]
    assert fees == ["100.00", "150.00"]
    back = (await client.get(f"{url}/differences", params={"before": 2, "after": 1})).json()
    assert {row["row"]: row["change"] for row in back["rows"]}["documents/passport"] == "added"
    assert (await client.get(f"{url}/differences", params={"before": 1, "after": 3})).status_code == 404
    assert (await client.get(f"{url}/differences", params={"before": 0, "after": 1})).status_code == 422
    other = f"/v1/standards/{uuid4()}/differences"
    assert (await client.get(other, params={"before": 1, "after": 2})).status_code == 404


async def test_the_first_draft_adds_everything_and_only_its_body_sees_it(desk: Desk, other_desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    url = f"/v1/standards/{standard}/draft/differences"
    shown = await desk.service.client.get(url, headers=desk.registrar)
    assert "before" not in shown.json()
    assert {row["change"] for row in shown.json()["rows"]} == {"added"}
    assert (await desk.service.client.get(url, headers=other_desk.registrar)).status_code == 404
