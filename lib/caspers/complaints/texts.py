"""Complaints written by a grammar that the order's id seeds, so that the same order always gets the same words.

Not everything in them is true: some name a dish that was never ordered, and some exaggerate the minutes.
"""

import random
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zlib import crc32

from caspers.complaints import Category
from caspers.complaints.corpus import grammar
from caspers.complaints.item_mentions import find_mentions
from caspers.complaints.reading import Item

GENERATED_BY = "seeded-grammar"
FALSE_PERCENT = 10
"""Per cent of the complaints about missing items that name a dish which is not on the order."""
EXAGGERATED_PERCENT = 30
"""Per cent of the complaints about a delay that claim far more minutes than it took; the others round."""
_NAME = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[a-z]{6,}")


@dataclass(frozen=True)
class ComplainedOrder:
    """The order of a complaint: id, when it was placed, city, delivery minutes, total in US dollars, items."""

    order_id: str
    placed: datetime
    city: str
    minutes: float
    total_usd: float
    items: tuple[Item, ...]


def write(order: ComplainedOrder, category: Category) -> str:
    """The customer's words for a complaint of this category about this order."""
    dice = random.Random(f"{order.order_id}/{category}")
    mood = dice.choice(grammar()["moods"])
    claims = order_claims(order, category, dice)
    text = ""
    for name in mood["sentences"]:
        sentence = _sentence(name, category, mood["typing"], claims, dice)
        text += f" {sentence}" if text.endswith(",") else f" {sentence[0].upper()}{sentence[1:]}"
    return text.lower().strip(" .") if mood["typing"] == "lower" else text.strip()


def claims_unordered_dish(order_id: str) -> bool:
    """Whether this order's complaint, if it is about a missing item, names a dish that is not on the order."""
    return crc32(order_id.encode()) % 100 < FALSE_PERCENT


def _sentence(name: str, category: Category, typing: str, claims: dict[str, str], dice: random.Random) -> str:
    """One sentence of a text with its punctuation, or a greeting with its comma."""
    choices = grammar()["core"][category] if name == "core" else grammar()["phrases"][name]
    phrase = _expanded(dice.choice(choices), dice)
    if typing == "typos":
        phrase = _mistyped(phrase, dice)
    said = _NAME.sub(lambda match: claims[match.group(1)], phrase)
    mark = "," if name == "greeting" else "!" if typing == "angry" else "."
    return said if said[-1] in "?!" else said + mark


def _expanded(phrase: str, dice: random.Random) -> str:
    """A phrase with all other phrases filled in, so that only names of claims are left."""
    phrases = grammar()["phrases"]

    def chosen(match: re.Match[str]) -> str:
        choices = phrases.get(match.group(1))
        return _expanded(dice.choice(choices), dice) if choices else match.group()

    return _NAME.sub(chosen, phrase)


def _mistyped(phrase: str, dice: random.Random) -> str:
    """The phrase with two neighbouring letters swapped within one of its longer words.

    Claims stay as they are, and so do the words that say what went wrong: people check those.
    """
    names = [match.span() for match in _NAME.finditer(phrase)]
    words = [
        match
        for match in _WORD.finditer(phrase)
        if match.group() not in grammar()["legible"] and not any(start < match.start() < end for start, end in names)
    ]
    if not words:
        return phrase
    word = dice.choice(words)
    at = dice.randrange(word.start() + 1, word.end() - 2)
    return phrase[:at] + phrase[at + 1] + phrase[at] + phrase[at + 2 :]


def order_claims(order: ComplainedOrder, category: Category, dice: random.Random) -> dict[str, str]:
    """What a complaint may claim about its order, by the names in the grammar. Not all of it is true."""
    names = list(dict.fromkeys(item.name for item in order.items))
    placed, hour = order.placed, order.placed.hour
    clocks = (f"{placed:%H:%M}", f"{hour % 12 or 12}:{placed:%M} {'am' if hour < 12 else 'pm'}")
    dates = (f"{placed:%B} {placed.day}", f"{placed:%b} {placed.day}", f"{placed.month}/{placed.day}")
    missing = _missing(order.order_id, names, dice) if category == "missing_items" else ""
    return {
        "item": dice.choice(names),
        "missing": missing,
        "city": order.city,
        "number": order.order_id,
        "minutes": str(_claimed_minutes(order.minutes, dice)),
        "total": f"{order.total_usd:.2f}",
        "charged": f"{order.total_usd * dice.choice((1.1, 1.2, 1.5, 2)):.2f}",
        "day": f"{placed:%A}",
        "date": dice.choice(dates),
        "time": dice.choice(clocks),
        "part": _part_of_day(hour),
    }


def _missing(order_id: str, names: list[str], dice: random.Random) -> str:
    """What is claimed to be missing: one or two of these names, or a dish that is none of them."""
    if claims_unordered_dish(order_id):
        return _not_ordered(names, dice)
    return " and the ".join(dice.sample(names, k=min(len(names), dice.choice((1, 1, 1, 2)))))


def _not_ordered(names: list[str], dice: random.Random) -> str:
    """A dish of the kitchens that can't be taken for one of these."""
    shuffled = dice.sample(_dishes(), k=len(_dishes()))
    return next(dish for dish in shuffled if not find_mentions(dish, names))


@cache
def _dishes() -> tuple[str, ...]:
    """The names of all dishes of the kitchens."""
    from caspers.canonical.catalog import dimensions  # here: Polars is a slow import, for few texts

    return tuple(dimensions()["items"]["name"].unique(maintain_order=True))


def _claimed_minutes(minutes: float, dice: random.Random) -> int:
    if dice.randrange(100) < EXAGGERATED_PERCENT:
        return round(minutes * dice.uniform(1.4, 2.2) / 5 + 1) * 5
    return dice.choice((round(minutes), round(minutes) + dice.randrange(6), round(minutes / 5 + 0.5) * 5)) or 5


def _part_of_day(hour: int) -> str:
    return (
        "midnight snack"
        if hour < 5 or hour >= 22
        else ("breakfast" if hour < 11 else "lunch" if hour < 16 else "dinner")
    )
