"""How a fleet is to be started."""

from dataclasses import dataclass

from deploy.local.runner import BrokerKind, RunOptions


@dataclass(frozen=True)
class FleetOptions(RunOptions):
    broker: BrokerKind = "local"
    brokers: int = 1
    """Kafka's: 1 or 3."""
    members: int = 1
    """Workers of each service: they share its consumer groups under the names 0, 1, …"""

    @property
    def connections(self) -> int:
        """What Postgres has to admit: the pools of five APIs and of their workers, and what these hold beside."""
        return 100 + 100 * self.members
