"""Floating-point numbers as text."""

import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np


def double_text(value: float, shortest: Callable[[float], str] = repr) -> str:
    """A number as Java writes it: `0.001`, `1.0E16`, `NaN`, `-Infinity`; `shortest` gives its digits."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(shortest(value)).as_tuple()
    assert isinstance(exponent, int)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{Decimal(shortest(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    written = "".join(map(str, digits)).rstrip("0")
    power = len(digits) + exponent - 1
    return f"{'-' * sign}{written[0]}.{written[1:] or '0'}E{power}"


def float_text(value: float) -> str:
    """The same with no more digits than a FLOAT has."""
    return double_text(value, lambda each: str(np.float32(each)))
