"""Public bodies with what was found of them."""

from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation, every_page, pointers


async def test_only_bodies_are_listed(registry: RunningService):
    await add_organisation(registry, "MOD", "ministry")
    await add_organisation(registry, "osh-eldik", "ngo")
    listed = await every_page(registry, "/v1/bodies")
    assert [(body["code"], body["services"]) for body in listed] == [("MOD", 0)]
    assert (await registry.client.get("/v1/bodies/osh-eldik")).status_code == 404
    refused = await registry.client.get("/v1/bodies", params={"kind": "donor"})
    assert pointers(refused) == {"/query/kind": "no_body_kind"}


async def test_pages_are_alphabetical_and_whole(seeded: RunningService):
    whole = await every_page(seeded, "/v1/bodies", limit=200)
    assert len(whole) == 484 + 9 + 14 + 2
    assert await every_page(seeded, "/v1/bodies", limit=37) == whole
    assert len({body["id"] for body in whole}) == len(whole)


async def test_a_body_shows_services_and_those_with_a_standard(seeded: RunningService):
    body = (await seeded.client.get("/v1/bodies/MFA")).json()
    assert (body["services"], body["with_standard"]) == (4, 2), "the fifth was merged"
