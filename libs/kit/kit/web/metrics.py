"""Owns the metrics of HTTP requests, and `/metrics` in Prometheus' text format.

Does not measure databases or messages; their parts register metrics of their own.
"""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from starlette.responses import Response

_REQUESTS = Counter(
    "http_requests_total",
    "Requests answered.",
    ("service", "method", "route", "status"),
)
_SECONDS = Histogram(
    "http_request_seconds",
    "Time from a request's head to the end of its answer.",
    ("service", "method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class RequestMeter:
    """Counts the requests of one service; each label set is looked up only once.

    The number of label sets is bounded: routes are declared, and the rest are counted as one.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._seconds: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        count = self._counts.get((method, route, status))
        if count is None:
            count = _REQUESTS.labels(self._service, method, route, str(status))
            self._counts[method, route, status] = count
        count.inc()
        histogram = self._seconds.get((method, route))
        if histogram is None:
            histogram = _SECONDS.labels(self._service, method, route)
            self._seconds[method, route] = histogram
        histogram.observe(seconds)


def exposition() -> Response:
    """Return all metrics of the process."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
