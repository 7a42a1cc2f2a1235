"""How often one customer or address may ask: a token bucket a key, in this process.

Written here because the `limits` package reads the wall clock itself and runs a timer thread; a bucket is two numbers.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

MAX_KEYS = 20_000
"""Buckets kept; the one unused for longest goes first. A forgotten bucket is a full one."""


class Buckets:
    """`per_minute` tokens a minute for each key, up to `burst` at once. `monotonic` gives seconds."""

    def __init__(self, per_minute: int, *, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._monotonic = monotonic
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one token: 0 when there was one, else the whole seconds until there is."""
        now = self._monotonic()
        level, since = self._levels.get(key, (float(self._burst), now))
        level = min(float(self._burst), level + (now - since) * self._rate)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > MAX_KEYS:
            self._levels.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - level) / self._rate))
