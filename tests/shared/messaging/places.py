"""Where a broker is, for this process and for others."""

from typing import Literal, NamedTuple

from shared.messaging.broker import Broker
from shared.messaging.kafka import KafkaBroker
from shared.messaging.local import LocalBroker
from shared.messaging.local_consumer import LocalSettings
from tests.kit.kafka import NamedApart, quick_kafka

QUICK_BROKER = LocalSettings(balance_seconds=0.05, slowest_poll=0.2)


class BrokerPlace(NamedTuple):
    """As arguments of a command, too."""

    kind: Literal["local", "kafka"]
    url: str
    prefix: str

    def broker(self) -> Broker:
        """A client of its own."""
        if self.kind == "local":
            return LocalBroker(self.url, QUICK_BROKER)
        return NamedApart(KafkaBroker(quick_kafka(self.url)), self.prefix)
