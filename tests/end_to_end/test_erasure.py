"""A name, a telephone number and an e-mail address, put wherever the platform takes words: seen by nobody else, and
gone from every table, topic, log, answer and file once the people are erased."""

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.fleet.fleet import Fleet
from deploy.fleet.options import FleetOptions
from deploy.gateway.settings import SERVICES
from tests.end_to_end.planted import (
    BENEFICIARY,
    DONOR,
    EMAIL,
    GROUP,
    LABELLER,
    NAME,
    OF_BENEFICIARY,
    PHONE,
    Planted,
    in_databases,
    in_files,
)
from tests.end_to_end.stage import Gateway, Stage, gateway

pytestmark = pytest.mark.timeout(600)

OTHERS = (
    ("monitor", "osh-monitors"),
    ("coordinator", "osh-monitors"),
    ("author", "osh-eldik"),
    ("donor", "demo-donor"),
    ("administrator", "LSG"),
    ("respondent", "LSG"),
    ("auditor", "ashar"),
    ("operator", "ashar"),
)
"""Bodies that have nothing to do with it, and those who check the platform."""
COMPLETE_SECONDS = 30.0


def processes(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Fleet:
    """Each part a process with a log of its own, which says a line a request."""
    return Fleet(FleetOptions(data=folder, port=0, settings=settings, durable=False))


@pytest.fixture(scope="module")
def own_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    base = tmp_path_factory.mktemp("erasure")
    with Stage(base / "data", processes) as running:
        yield running
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def planted(own_stage: Stage) -> Iterator[Planted]:
    with gateway(own_stage.url) as api:
        found = Planted(api, own_stage)
        found.everywhere()
        own_stage.settle()
        yield found


def test_who_is_meant_to_sees_what_was_said(planted: Planted) -> None:
    """Otherwise finding nothing would prove nothing."""
    api = planted.api
    seen = {
        ("coordinator", GROUP): {NAME, PHONE, EMAIL, *OF_BENEFICIARY},
        ("author", GROUP): {NAME, PHONE, EMAIL, BENEFICIARY},
        ("donor", DONOR): {NAME, PHONE, EMAIL},
        ("administrator", GROUP): {LABELLER},
    }
    for (role, organisation), marks in seen.items():
        found = set().union(*planted.read_by(api.token(role, organisation)).values())
        assert marks <= found, (role, organisation)


def test_nobody_else_sees_it(planted: Planted) -> None:
    api = planted.api
    assert planted.read_by(None) == {}
    for role, organisation in OTHERS:
        assert planted.read_by(api.token(role, organisation)) == {}, (role, organisation)
    assert planted.read_by(api.service_token()) == {}, "not in internal events either"


def test_words_and_contacts_are_in_no_table_topic_or_file_even_before(
    planted: Planted, own_stage: Stage
) -> None:
    """What a key is called is not sealed."""
    found = in_databases(own_stage.folder)
    assert found == {name: {LABELLER} if name == "registry" else set() for name in (*SERVICES, "broker")}
    assert in_files(own_stage.folder) == {}
    logs = b"".join(path.read_bytes() for path in (own_stage.folder / "logs").rglob("*.log"))
    assert b"/v1/submissions" in logs, "every request has its line"


def test_who_is_erased_alone_is_nowhere_while_all_who_wrote_of_them_stay(
    planted: Planted, own_stage: Stage
) -> None:
    for receipt in planted.erase_alone():
        completed(planted.api, receipt)
    own_stage.settle()
    assert not any(in_databases(own_stage.folder).values())
    gone = {LABELLER, *OF_BENEFICIARY}
    for role in ("coordinator", "monitor", "author", "desk"):
        seen = set().union(*planted.read_by(planted.api.token(role, GROUP)).values())
        assert not seen & gone, role
        assert NAME in seen, f"what {role} reads of others stays"
    assert NAME in set().union(*planted.read_by(planted.api.token("donor", DONOR)).values())


def test_after_erasure_it_is_nowhere(planted: Planted, own_stage: Stage) -> None:
    tokens = {one: planted.api.token(*one) for one in sorted(planted.people)}
    receipts = planted.erase()
    reports = [completed(planted.api, receipt) for receipt in receipts]
    own_stage.settle()
    assert not any(in_databases(own_stage.folder).values())
    assert in_files(own_stage.folder) == {}
    assert planted.read_by(planted.api.service_token()) == {}
    assert planted.read_by(planted.api.token("platform", "ashar")) == {}
    colleague = planted.api.token("registrar", GROUP)
    assert planted.read_by(colleague) == {}, "a body reads no more of its own people either"
    counted = {
        (one["service"], kind["kind"]): kind for report in reports for one in report["services"] for kind in one["kinds"]
    }  # fmt: skip
    assert all(kind.get("ground") for kind in counted.values() if kind["effect"] == "kept")
    total = sum(
        kind["count"]
        for report in reports
        for one in report["services"]
        for kind in one["kinds"]
        if kind["effect"] == "erased"
    )
    assert total >= 12, "notes, comment, messages and contacts of seven people"
    refused_within(planted.api, tokens)


def completed(api: Gateway, receipt: str) -> dict[str, Any]:
    """The report, once all five services have answered. It needs no token and names nobody."""
    deadline = time.monotonic() + COMPLETE_SECONDS
    while True:
        report: dict[str, Any] = api.call("GET", f"registry/v1/erasures/{receipt}").json()
        if report["state"] == "completed":
            assert [one["service"] for one in report["services"]] == [
                "registry", "monitoring", "scoring", "ideas_market", "notifications",
            ]  # fmt: skip
            return report
        assert time.monotonic() < deadline, report
        time.sleep(0.2)


def refused_within(api: Gateway, tokens: dict[tuple[str, str], str], seconds: float = 10.0) -> None:
    """Their tokens open nothing any more."""
    deadline = time.monotonic() + seconds
    for token in tokens.values():
        headers = {"Authorization": f"Bearer {token}"}
        while api.http.get("/api/notifications/v1/inbox", headers=headers).status_code != 401:
            assert time.monotonic() < deadline
            time.sleep(0.2)
