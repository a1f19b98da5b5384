"""A short run on three brokers: enough faults to meet the common ones on every change. Long ones: `make chaos`."""

import shutil
from pathlib import Path

import pytest

from deploy.kafka.programs import Programs
from tests.chaos.faults import LOADED, Fault, class_of, kind_of
from tests.chaos.run import Options, run


@pytest.mark.platform
@pytest.mark.crash
@pytest.mark.timeout(900)
async def test_nothing_is_lost_doubled_or_reordered(kafka_programs: Programs, tmp_path: Path) -> None:
    del kafka_programs  # skips where Kafka cannot be run, fails in CI
    said: list[str] = []
    result = await run(Options(tmp_path, seconds=25, seed=7, per_second=20), said.append)
    assert result.verdict.sound, result.as_json()
    hit = [fault.split() for fault in result.faults]
    assert {class_of(part) for _, part in hit} >= set(LOADED), said
    assert {fault for fault, _ in hit} == set(Fault), said
    assert "kill kafka" in {f"{fault} {kind_of(part)}" for fault, part in hit}, said
    assert result.acknowledged > 100
    assert result.events > result.acknowledged
    shutil.rmtree(tmp_path / "data")
