"""A circuit breaker: what failed repeatedly is left alone for a while, so that its failure costs nobody time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.clock import Clock


@dataclass
class Breaker:
    """Opens after `limit` failures in a row; after `rest` it lets one call through, whose success closes it."""

    clock: Clock
    limit: int = 3
    rest: timedelta = timedelta(seconds=30)
    failures: int = 0
    opened_at: datetime | None = None

    @property
    def resting(self) -> bool:
        """Whether calls are held back now. Asking does not count as a call."""
        return self.opened_at is not None and self.clock.now() - self.opened_at < self.rest

    def admits(self) -> bool:
        """Whether a call may go out now. Of those that come when the rest is over, the first may."""
        if self.opened_at is None:
            return True
        if self.resting:
            return False
        self.opened_at = self.clock.now()  # whoever comes while this call is under way still waits
        return True

    def succeeded(self) -> None:
        self.failures, self.opened_at = 0, None

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= self.limit:
            self.opened_at = self.clock.now()
