"""Whether a measure grows: its slope over time, with how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Trend:
    """What a measure gains in a unit of time, and the interval that holds the true gain with CONFIDENCE."""

    slope: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether it may as well not change at all."""
        return self.low <= 0 <= self.high


def trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """The trend of `values` at `times` by least squares.

    A measure is like the one before it, so that a series says less than as many independent values: the interval is
    widened by how much the deviations follow each other.
    """
    x, y = np.asarray(times, float), np.asarray(values, float)
    if np.ptp(y) == 0:
        return Trend(0, 0, 0)
    fit = stats.linregress(x, y)
    rest = y - fit.intercept - fit.slope * x
    power = float(rest @ rest)
    follows = min(max(float(rest[1:] @ rest[:-1]) / power, 0.0), 0.9) if power else 0.0
    wide = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2)) * fit.stderr * math.sqrt((1 + follows) / (1 - follows))
    return Trend(fit.slope, fit.slope - wide, fit.slope + wide)
