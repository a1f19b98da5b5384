"""server.properties of a node that is broker and controller (KRaft), for one machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.listeners import Secured

HOST = "127.0.0.1"
CLIENT = "PLAINTEXT"
_CONTROLLER = "CONTROLLER"


@dataclass(frozen=True)
class NodePorts:
    """Where a node listens: its controller, its clients and each further listener by protocol."""

    controller: int
    client: int
    secured: Mapping[str, int]


def server_properties(
    node: int,
    ports: Mapping[int, NodePorts],
    data: Path,
    *,
    secured: Sequence[Secured] = (),
    overrides: Mapping[str, str] | None = None,
) -> str:
    """The file's text for `node`; `ports` are those of all nodes, `overrides` have the last word."""
    own, count = ports[node], len(ports)
    copies, in_sync = min(count, 3), 2 if count >= 3 else 1
    listeners = {_CONTROLLER: own.controller, CLIENT: own.client, **own.secured}
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": ",".join(f"{n}@{HOST}:{p.controller}" for n, p in ports.items()),
        "controller.listener.names": _CONTROLLER,
        "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in listeners.items()),
        "listener.security.protocol.map": ",".join(
            f"{name}:{CLIENT if name == _CONTROLLER else name}" for name in listeners
        ),
        "inter.broker.listener.name": CLIENT,
        "log.dirs": data,
        # Events are for ever, and topics come from the contracts table alone.
        "auto.create.topics.enable": "false",
        "log.retention.ms": -1,
        "log.retention.bytes": -1,
        # A group that was away longer would start again at the first event of its topics.
        "offsets.retention.minutes": 525_600,
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        # Nobody waits for further members of a group on one machine.
        "group.initial.rebalance.delay.ms": 0,
        # A few hundred megabytes are enough for a broker of this size.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    }
    for listener in secured:
        settings |= listener.properties()
    settings |= overrides or {}
    return "".join(f"{name}={value}\n" for name, value in settings.items())
