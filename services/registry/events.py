"""What the registry publishes (its contracts) and what it consumes: what the services say of an erasure."""

from services.registry.people.service import collect
from shared.contracts import CONTRACTS
from shared.contracts.erasure import ErasureCompleted
from shared.messaging.consumer import Consumer, handles

CONSUMERS: tuple[Consumer, ...] = (
    Consumer(
        "erasure_answers",
        tuple(
            handles(event, collect)
            for event in CONTRACTS
            if event.payload is ErasureCompleted and event.service != "registry"
        ),
        ordered=False,
        batch=False,
    ),
)
