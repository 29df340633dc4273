"""Amounts of money in what people and models write."""

import re

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_DOLLARS = re.compile(rf"(?:\$|\bUSD)\s*{_NUMBER}|{_NUMBER}\s*(?:\$|USD\b|dollars?\b)", re.IGNORECASE)


def dollars(text: str) -> set[float]:
    """All amounts of US dollars that a text names."""
    return {float((before or after).replace(",", "")) for before, after in _DOLLARS.findall(text)}
