"""Which policies may answer, as bit arrays computed once, so that a question costs a few numpy operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.clauses import Place, Policy

Mask = NDArray[np.bool_]


class ScopeMask:
    """For each policy, in order: may it be returned for an instant and a place? Equals `Scope.covers` and `Window`."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._start = np.array([_edge(policy.window.start, -np.inf) for policy in policies], np.float64)
        self._end = np.array([_edge(policy.window.end, np.inf) for policy in policies], np.float64)
        self._undated: Mask = np.array([policy.undated for policy in policies], np.bool_)
        self._citable: Mask = np.array([policy.status != "draft" for policy in policies], np.bool_)
        self._axes = [
            _Axis([policy.scope.platforms for policy in policies]),
            _Axis([policy.scope.regions for policy in policies]),
            _Axis([policy.scope.categories for policy in policies]),
            _Axis([policy.scope.channels for policy in policies]),
            _Axis([policy.scope.audiences for policy in policies]),
        ]

    def allowed(self, as_of: datetime, place: Place, *, include_undated: bool = False) -> Mask:
        """True for each policy in its window at `as_of`, whose scope covers `place`, and that is no draft.

        One with an unknown window is in no window; `include_undated` lets it in all the same.
        """
        at = as_of.timestamp()
        mask: Mask = self._citable & (self._start <= at) & (at < self._end)
        if not include_undated:
            mask &= ~self._undated
        values = (place.platform, place.region, place.category, place.channel, place.audience)
        for axis, value in zip(self._axes, values, strict=True):
            mask &= axis.covering(value)
        return mask


class _Axis:
    def __init__(self, sets: Sequence[frozenset[str]]) -> None:
        self._anywhere: Mask = np.array([not allowed for allowed in sets], np.bool_)
        values = sorted(set().union(*sets)) if sets else []
        self._by_value = {
            value: np.array([not allowed or value in allowed for allowed in sets], np.bool_) for value in values
        }

    def covering(self, value: str | None) -> Mask:
        return self._anywhere if value is None else self._by_value.get(value, self._anywhere)


def _edge(edge: datetime | None, unbounded: float) -> float:
    return unbounded if edge is None else edge.timestamp()
