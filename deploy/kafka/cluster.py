"""Apache Kafka on this machine: one node or three below a folder, until `stop` or the end of this process.

Layout of a data folder (0700): `cluster-id`, `lock`, and `node-1/` … as `node.py` says.
"""

import base64
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, Unpack

from deploy.kafka.listeners import Protocol, Secured
from deploy.kafka.node import HEAP, Node, PortTaken
from deploy.kafka.ports import steady_ports
from deploy.kafka.programs import find_programs
from deploy.kafka.properties import HOST, NodePorts, server_properties
from deploy.local.pidfiles import FolderLock

_ATTEMPTS = 5


class KafkaOptions(TypedDict, total=False):
    """How `start_kafka` starts a cluster."""

    port: int | None
    """Where the first node listens for clients, the next ones on the ports after it; free ones by default."""
    secured: Sequence[Secured]
    """Further listeners. Users of SCRAM are made with the data folder: only its first start counts."""
    overrides: Mapping[str, str]
    """Lines of server.properties in place of ours."""
    heap: str
    """Java's -Xmx."""
    cache: Path | None
    """Where Kafka's jars are kept (see `programs.cache_folder`)."""


class KafkaCluster:
    """What `start_kafka` returns; a context manager that stops it."""

    def __init__(self, brokers: Sequence[Node], ports: Mapping[int, NodePorts], lock: FolderLock) -> None:
        self.brokers = brokers
        """The nodes in order; each can be killed, stopped and started again on its own."""
        self._ports = ports
        self._lock = lock

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:port[,…]` for clients without encryption and log-in."""
        return ",".join(f"{HOST}:{ports.client}" for ports in self._ports.values())

    def bootstrap_of(self, protocol: Protocol) -> str:
        """The same for a further listener. Raises KeyError where it was not asked for."""
        return ",".join(f"{HOST}:{ports.secured[protocol]}" for ports in self._ports.values())

    def kill(self) -> None:
        """SIGKILL all nodes; `start` runs them again."""
        _together(self.brokers, Node.kill)

    def start(self) -> None:
        """Run the nodes that are not running, on their ports and data, and wait until they answer."""
        _together([node for node in self.brokers if not node.running()], Node.start)

    def stop(self) -> None:
        """End all nodes (SIGTERM first) and give the folder free; may be repeated."""
        try:
            _together(self.brokers, Node.stop)
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_kafka(folder: Path, *, brokers: int = 1, **options: Unpack[KafkaOptions]) -> KafkaCluster:
    """A cluster that answers, on the data it left in `folder` last time.

    Topics are copied to three nodes where there are three or more, and two must have a record.
    Raises KafkaUnavailable without Java, Maven or the jars; FolderInUse; KafkaFailed with a node's own words.
    """
    programs = find_programs(options.get("cache"))
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FolderLock(folder)
    nodes = [
        Node(number, folder / f"node-{number}", programs, options.get("heap", HEAP))
        for number in range(1, brokers + 1)
    ]
    try:
        return KafkaCluster(nodes, _start_on_free_ports(nodes, _cluster_id(folder), options), lock)
    except BaseException:
        _together(nodes, Node.kill)
        lock.release()
        raise


def _start_on_free_ports(
    nodes: Sequence[Node], cluster_id: str, options: KafkaOptions
) -> Mapping[int, NodePorts]:
    """The ports the nodes listen on. Others are tried when somebody else was quicker to take one of ours."""
    attempts = 1 if options.get("port") is not None else _ATTEMPTS
    while True:
        attempts -= 1
        ports = _choose_ports(len(nodes), options)
        try:
            _start(nodes, ports, cluster_id, options)
        except PortTaken:
            if not attempts:
                raise
            _together(nodes, Node.stop)
        else:
            return ports


def _start(
    nodes: Sequence[Node], ports: Mapping[int, NodePorts], cluster_id: str, options: KafkaOptions
) -> None:
    secured = options.get("secured", ())
    credentials = [argument for listener in secured for argument in listener.credentials()]
    for node in nodes:
        node.configure(
            server_properties(
                node.number, ports, node.data, secured=secured, overrides=options.get("overrides")
            )
        )
    _together(nodes, lambda node: node.format(cluster_id, credentials))
    for node in nodes:
        node.launch()
    for node in nodes:
        node.wait_started()


def _choose_ports(count: int, options: KafkaOptions) -> dict[int, NodePorts]:
    secured, first = options.get("secured", ()), options.get("port")
    free = iter(steady_ports(count * (2 + len(secured))))
    return {
        number: NodePorts(
            controller=next(free),
            client=next(free) if first is None else first + number - 1,
            secured={listener.protocol: next(free) for listener in secured},
        )
        for number in range(1, count + 1)
    }


def _cluster_id(folder: Path) -> str:
    """The stored id, or a new one: a UUID in the base64 of URLs, as Kafka writes them."""
    path = folder / "cluster-id"
    if not path.exists():
        draft = path.with_name(path.name + ".new")
        # Kafka's own never begin with a dash either, which its tools would take for an option.
        draft.write_text("k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22])
        draft.replace(path)
    return path.read_text().strip()


def _together(nodes: Sequence[Node], call: Callable[[Node], None]) -> None:
    """All at once: a node that leaves properly waits for the others. Raises the first error."""
    if nodes:
        with ThreadPoolExecutor(max_workers=len(nodes)) as pool:
            for future in [pool.submit(call, node) for node in nodes]:
                future.result()
