"""Metrics of job runners, by kind and by how an attempt ended."""

from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS = (0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600)


class JobMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "job_attempts_total", "Attempts that ended", ["kind", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "job_attempt_seconds", "Time of an attempt", ["kind"], registry=registry, buckets=BUCKETS
        )

    def observe(self, kind: str, outcome: str, seconds: float) -> None:
        """`outcome` is done, retry, failed or lost."""
        self._attempts.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)
