"""Apache Kafka of our own: its data outlives stops and kills, its processes outlive nobody."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.kafka import cluster as under_test
from deploy.kafka.cluster import start_kafka
from deploy.kafka.node import KafkaFailed, PortTaken
from deploy.kafka.ports import steady_ports
from deploy.kafka.programs import Programs
from deploy.local.pidfiles import FolderInUse
from tests.deploy.kafka.talking import make_topic, read, write
from tests.deploy.local.deadlines import gone, wait_until

pytestmark = pytest.mark.usefixtures("kafka_programs")

# A killed broker is let in again when its last session has run out: 9 s by default.
QUICK = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}


def java_below(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if child.name() == "java"]


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`make kafka` and the address it printed."""
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.kafka", "--data", str(folder), "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            word, bootstrap = process.stdout.readline().split()
            assert word == "ready"
            yield process, bootstrap
        finally:
            process.kill()


class TestData:
    @pytest.mark.crash
    async def test_it_outlives_a_stop_and_a_kill(self, tmp_path: Path) -> None:
        with start_kafka(tmp_path, overrides=QUICK) as kafka:
            await make_topic(kafka.bootstrap, "kept")
            await write(kafka.bootstrap, "kept", [b"1", b"2"])
            (broker,) = kafka.brokers
            killed = psutil.Process(broker.pid)
            broker.kill()
            assert gone(killed)
            assert not broker.running()
            with pytest.raises(FolderInUse):
                start_kafka(tmp_path)
            broker.start()
            await write(kafka.bootstrap, "kept", [b"3"])
            stopped = psutil.Process(broker.pid)
        assert gone(stopped)
        with start_kafka(tmp_path) as kafka:
            assert await read(kafka.bootstrap, "kept") == [b"1", b"2", b"3"]

    @pytest.mark.crash
    async def test_three_brokers_lose_nothing_with_one(self, tmp_path: Path) -> None:
        with start_kafka(tmp_path, brokers=3, overrides=QUICK, heap="256m") as kafka:
            await make_topic(kafka.bootstrap, "kept", copies=3)
            await write(kafka.bootstrap, "kept", [b"1"])
            kafka.brokers[0].kill()
            await write(kafka.bootstrap, "kept", [b"2"])
            kafka.start()
            assert all(broker.running() for broker in kafka.brokers)
            kafka.brokers[1].kill()
            assert await read(kafka.bootstrap, "kept") == [b"1", b"2"]
            kafka.kill()  # to leave properly takes them a while

    def test_a_format_that_fails_leaves_nothing_behind(self, tmp_path: Path) -> None:
        (tmp_path / "cluster-id").write_text("-none")
        with pytest.raises(KafkaFailed, match="could not be formatted"):
            start_kafka(tmp_path)
        assert [path.name for path in (tmp_path / "node-1").iterdir()] == ["server.properties"]
        (tmp_path / "cluster-id").unlink()
        start_kafka(tmp_path).stop()


class TestPorts:
    def test_another_one_where_somebody_was_quicker(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", steady_ports(1)[0])) as stranger:
            taken = stranger.getsockname()[1]
            answers = iter([[*steady_ports(1), taken], steady_ports(2)])
            monkeypatch.setattr(under_test, "steady_ports", lambda count: next(answers))
            with start_kafka(tmp_path) as kafka:
                assert kafka.bootstrap != f"127.0.0.1:{taken}"
                assert next(answers, None) is None

    def test_a_port_that_was_asked_for_is_not_changed(self, tmp_path: Path) -> None:
        with (
            socket.create_server(("127.0.0.1", steady_ports(1)[0])) as stranger,
            pytest.raises(PortTaken, match="Address already in use"),
        ):
            start_kafka(tmp_path, port=stranger.getsockname()[1])
        assert processes_with(tmp_path) == []

    def test_they_are_below_the_kernels_own(self) -> None:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        ports = steady_ports(20)
        assert len(set(ports)) == 20
        assert max(ports) < lowest


def processes_with(folder: Path) -> list[psutil.Process]:
    """Java processes that work below the folder."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "java" and any(str(folder) in word for word in process.info["cmdline"])
    ]


class TestCommand:
    @pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
    async def test_it_runs_until_it_is_asked_to_stop(self, tmp_path: Path, asked: signal.Signals) -> None:
        with command(tmp_path) as (process, bootstrap):
            await make_topic(bootstrap, "kept")
            await write(bootstrap, "kept", [b"1"])
            (java,) = java_below(psutil.Process(process.pid))
            process.send_signal(asked)
            assert process.wait(60) == 0
            assert gone(java)

    @pytest.mark.crash
    async def test_a_killed_parent_leaves_no_java_behind(self, tmp_path: Path) -> None:
        with command(tmp_path) as (process, bootstrap):
            await make_topic(bootstrap, "kept")
            await write(bootstrap, "kept", [b"1"])
            (java,) = java_below(psutil.Process(process.pid))
            process.kill()
            wait_until(lambda: gone(java))
        with start_kafka(tmp_path, overrides=QUICK) as kafka:
            assert await read(kafka.bootstrap, "kept") == [b"1"]

    @pytest.mark.crash
    def test_it_ends_when_a_broker_does(self, tmp_path: Path) -> None:
        with command(tmp_path) as (process, _):
            (java,) = java_below(psutil.Process(process.pid))
            os.kill(java.pid, signal.SIGKILL)
            assert process.wait(60) == 1
            assert process.stderr is not None
            assert "node-1/kafka.log" in process.stderr.read()

    def test_it_says_what_is_missing(self, tmp_path: Path, kafka_programs: Programs) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.kafka", "--data", str(tmp_path)],
            env={**os.environ, "JAVA_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith("stopped: Apache Kafka needs Java 17 or newer")
