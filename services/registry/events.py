"""What the registry publishes (its contracts) and what it consumes."""

from shared.messaging.consumer import Consumer

CONSUMERS: tuple[Consumer, ...] = ()
