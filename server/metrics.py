"""What the server counts, for Prometheus. No label ever holds an id, a name or words of a customer."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from server.stream import Hub

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one app, in a registry of their own."""

    def __init__(self, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "xiaoer_requests_total", "HTTP requests", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "xiaoer_request_seconds", "Time to the start of the response", ["route"], registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
        )  # fmt: skip
        self.turns = Counter("xiaoer_turns_total", "Turns run, by how they ended", ["outcome"], registry=self.registry)
        self.turn_seconds = Histogram(
            "xiaoer_turn_seconds", "Time from the start of a turn to its end", registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
        )  # fmt: skip
        self.running = Gauge("xiaoer_turns_running", "Turns running or waiting now", registry=self.registry)
        Gauge("xiaoer_streams_open", "Open event streams", registry=self.registry).set_function(lambda: hub.listeners)
        Gauge(
            "xiaoer_streams_dropped", "Streams let go because they did not read", registry=self.registry
        ).set_function(lambda: hub.dropped)

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self.registry)
