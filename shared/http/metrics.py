"""Request metrics keyed by route template, never by raw path."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*map(str, map(float, BUCKETS)), "+Inf")


class _Times:
    """How long the answers of one route took: how many per bucket, and the sum."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0


class RequestMetrics(Collector):
    """Counted here and told to Prometheus when it asks: the client's own counters take locks and search their
    buckets one by one, with every request. For one event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answers: dict[tuple[str, str, int], int] = {}
        self._times: dict[tuple[str, str], _Times] = {}
        registry.register(self)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        answer = (method, route, status)
        self._answers[answer] = self._answers.get(answer, 0) + 1
        times = self._times.get((method, route))
        if times is None:
            times = self._times[method, route] = _Times()
        times.counts[bisect_left(BUCKETS, seconds)] += 1
        times.total += seconds

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        requests = CounterMetricFamily(
            "http_requests", "Requests answered", labels=["method", "route", "status"]
        )
        for (method, route, status), count in self._answers.items():
            requests.add_metric([method, route, str(status)], count)
        yield requests
        seconds = HistogramMetricFamily("http_request_seconds", "Time to answer", labels=["method", "route"])
        for (method, route), times in self._times.items():
            buckets = zip(_BOUNDS, accumulate(times.counts), strict=True)
            seconds.add_metric([method, route], list(buckets), times.total)
        yield seconds
