"""Shares with their error: no figure without its interval, and none at all where nothing was checked."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

_Z95 = 1.959963984540054


class Metric(BaseModel):
    """A share with its 95 % Wilson score interval over `n` trials."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float
    n: int


def share(hits: int, n: int) -> Metric:
    """`hits` of `n` with Wilson's score interval (Wilson 1927, JASA 22:209). A share of nothing has no value:
    `ValueError`.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share")
    p = hits / n
    middle = (p + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n)) / (1 + _Z95**2 / n)
    # at the ends the bound is 0 or 1 exactly, which floating point misses by a hair
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == n else middle + half
    return Metric(value=round(p, 4), low=round(low, 4), high=round(high, 4), n=n)


def mean(values: Sequence[float]) -> Metric:
    """The mean of `values` with the 95 % interval of a normal distribution. A mean of nothing: `ValueError`."""
    if not values:
        raise ValueError("no values")
    middle = statistics.fmean(values)
    half = _Z95 * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return Metric(value=round(middle, 4), low=round(middle - half, 4), high=round(middle + half, 4), n=len(values))
