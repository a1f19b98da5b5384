"""How far a worker is: what it has not published, what its consumers have not applied. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsumerProgress:
    """One member of a consumer's group."""

    name: str
    partitions: int
    """How many of the group's are this member's."""
    lag: int | None
    """Records of theirs after the committed offsets; None where the broker does not answer."""
    retrying: int
    """Partitions that wait for another attempt at an event."""
    consuming: bool
    """False while something the consumer depends on is down."""

    @property
    def at_rest(self) -> bool:
        """Whether all that this member was sent is applied."""
        return self.lag == 0 and not self.retrying and self.consuming


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    unpublished: int
    """Events of the service that the broker has not acknowledged, whichever worker will publish them."""
    consumers: tuple[ConsumerProgress, ...]
