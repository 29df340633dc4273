"""What can be read from a complaint without a language model: its category, the items it names, words of alarm."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from caspers.complaints import Category

_SIGNS: dict[Category, str] = {
    "delivery_delay": r"late(?!-)|delay\w*|slow|wait\w*|hours?|minutes|forever|ages|took|overdue|on time|eta|starving",
    "missing_items": r"missing|forgot\w*|left out|without|never (?:got|came|in)|not in|wasn't in|absent|incomplete"
                     r"|no sign of|didn't (?:get|receive)|short of",
    "food_quality": r"cold|soggy|burnt|raw|undercooked|overcooked|stale|bland|taste\w*|greasy|dry|mush\w*|inedible"
                    r"|disgusting|lukewarm|rubbery|spoiled|quality|flavou?r\w*|sick|vomit\w*|food poisoning|allerg\w*"
                    r"|glass|metal|plastic|hair|insects?|bugs?",
    "service_issue": r"rude|driver|attitude|shouted|unprofessional|careless|dropped|wrong door|ignored|service|courier",
    "billing": r"charged?|bill\w*|twice|overcharged|payment|card|receipt|invoice|promo\w*|coupon|money back|price",
}
_SIGN_PATTERNS = {category: re.compile(rf"\b(?:{signs})\b", re.IGNORECASE) for category, signs in _SIGNS.items()}
_ALARM = re.compile(
    r"\b(?:sick|ill|vomit\w*|food poisoning|allerg\w*|hospital|doctor|glass|metal|plastic|hair|insects?|bugs?"
    r"|lawyer|legal|sue|court|health department|police|threat\w*|harass\w*)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """An item of an order: its name, quantity and unit price in US dollars."""

    name: str
    qty: int
    price_usd: float


@dataclass(frozen=True)
class Reading:
    """What a complaint says.

    confidence: the share of the signs found that speak for the category, 0 to 1; named_items: names as on the order;
    alarming: words of danger or law, in order and in lower case.
    """

    category: Category
    confidence: float
    named_items: frozenset[str]
    alarming: tuple[str, ...]


def read(text: str, items: Iterable[Item]) -> Reading:
    """Read a complaint about an order of these items."""
    named, rest = _named(text, {item.name for item in items})
    votes = {category: len(pattern.findall(rest)) for category, pattern in _SIGN_PATTERNS.items()}
    category = max(votes, key=lambda each: votes[each])
    total = sum(votes.values())
    if not total:
        category = "service_issue"  # says nothing that could be checked: a person reads it
    confidence = round(votes[category] / total, 2) if total else 0.0
    return Reading(category, confidence, named, tuple(dict.fromkeys(word.lower() for word in _ALARM.findall(rest))))


def _named(text: str, names: Iterable[str]) -> tuple[frozenset[str], str]:
    """The names that the text has as whole words, and the text without them: a Late Night Ramen is no delay.

    Longer names go first, so that a Mango Tea Float is not a Mango Tea too.
    """
    found = set()
    for name in sorted(names, key=lambda each: (-len(each), each)):
        text, times = re.subn(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
        if times:
            found.add(name)
    return frozenset(found), text
