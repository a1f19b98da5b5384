"""What the workers report: counters and gauges on the registry of one service, never the global one."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class MessagingMetrics:
    """The event backbone of one service. The service itself is told apart by the scrape target."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outbox_unpublished = Gauge(
            "outbox_unpublished", "Events committed and not yet acknowledged by the broker", registry=registry
        )
        self.outbox_oldest_age = Gauge(
            "outbox_oldest_age_seconds", "Age of the oldest unpublished event", registry=registry
        )
        self.relay_published = Counter(
            "relay_published_total", "Events acknowledged by the broker", registry=registry
        )
        self.relay_failures = Counter(
            "relay_failures_total", "Refused events and unanswered publications", registry=registry
        )
        self.consumer_lag = Gauge(
            "consumer_lag_records",
            "Records after the committed offset",
            ["consumer", "topic", "partition"],
            registry=registry,
        )
        self.consumer_lag_seconds = Gauge(
            "consumer_lag_seconds",
            "Age of the last record handled, while there are others after it",
            ["consumer", "topic", "partition"],
            registry=registry,
        )
        self.consumer_rebalances = Counter(
            "consumer_rebalances_total",
            "How often the partitions this member holds have changed",
            ["consumer"],
            registry=registry,
        )
        self.consumer_handled = Counter(
            "consumer_handled_total",
            "Records by outcome: ok, duplicate, skipped, retried, parked, dead",
            ["consumer", "outcome"],
            registry=registry,
        )
        self.dead_letters_open = Gauge(
            "dead_letters_open",
            "Dead letters and parked events not yet settled",
            ["consumer"],
            registry=registry,
        )

    @classmethod
    def unregistered(cls) -> "MessagingMetrics":
        """Metrics nobody scrapes, for parts used on their own."""
        return cls(CollectorRegistry())
