"""One platform for each test process, with the demo's chain played on it; tests leave it usable for each other."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.demo.client import Demo
from tests.end_to_end.stage import OSH, Gateway, Stage, gateway, play_the_chain

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.platform)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The platform, seeded and quiet."""
    base = tmp_path_factory.mktemp("stage")
    with Stage(base / "data") as running:
        yield running
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def api(stage: Stage) -> Iterator[Gateway]:
    with gateway(stage.url) as opened:
        yield opened


@pytest.fixture(scope="session")
def story(stage: Stage) -> Demo:
    """The demo's chain, played on the stage; its ids and tokens."""
    return play_the_chain(stage)


@pytest.fixture(scope="session")
def known(story: Demo, api: Gateway, stage: Stage) -> dict[str, Any]:
    """Names of path parameters and fields with a value that is really there."""
    ids = story.ids
    subscription = {"subscription_id": ids["subscription"], "webhook_id": ids["webhook"]}
    [reservation] = api.items("ideas_market/v1/reservations", "donor")
    findings = api.items("monitoring/v1/findings", "respondent")
    acts = api.items("registry/v1/acts")
    [monitors] = [one for one in api.items("registry/v1/organisations") if one["code"] == "osh-monitors"]
    person = api.call("POST", "registry/v1/persons", "desk", expected=201).json()["id"]
    erased = api.call("POST", f"registry/v1/persons/{person}/erasure", "platform", expected=202).json()
    entry = _function(api)
    review = api.items("registry/v1/reviews")[0]
    stage.settle()
    return {
        **subscription,
        "function_id": entry["id"],
        "point_id": api.items("registry/v1/service-points")[0]["id"],
        "review_id": review["id"],
        "erasure_id": erased["id"],
        "organisation_id": monitors["id"],
        "campaign_id": ids["campaign"],
        "submission_id": ids["visits"][0],
        "finding_id": findings[0]["id"],
        "service_id": ids["services"]["DEMO-RESIDENCE"],
        "standard_id": ids["standard"],
        "act_id": acts[0]["id"],
        "run_id": ids["run"],
        "import_id": ids["import"],
        "method_code": "sji25",
        "idea_id": ids["idea"],
        "reservation_id": reservation["id"],
        "municipality_code": OSH,
        "territory_code": OSH,
        "indicator_code": "ACO3",
        "parent_code": OSH,
        "municipalities": [OSH],
        "services": [ids["services"]["DEMO-RESIDENCE"]],
        "event_types": ["ideas_market.idea.published.v1"],
        "year": 2026,
        "number": 1,
        "code": OSH,
    }


def _function(api: Gateway) -> Any:
    """An entry of the register of functions, which begins with its first version."""
    number = api.call("POST", "registry/v1/function-registers", "platform", json={}, expected=201).json()[
        "number"
    ]
    draft = {"code": "known", "body": "LSG", "name": {"ky": "Милдет", "ru": "Функция"}, "level": "municipal"}
    path = f"registry/v1/function-registers/{number}/functions"
    return api.call("POST", path, "registrar", json=draft, expected=201).json()
