"""What can be read from a complaint without a language model: its category, the items it is about, alarm words.

The category is the classifier's. The alarm words are a rule, because which complaints a person has to see is policy.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from caspers.complaints import Category, classifier
from caspers.complaints.corpus import MASK, NO_COMPLAINT
from caspers.complaints.item_mentions import find_mentions

_ALARM = re.compile(
    r"\b(?:sick(?! of| and tired)|(?:am|are|be|been|fe(?:el|ll|lt)|feeling|got|is|me|so|us|was|were) ill|vomit\w*"
    r"|threw up|poison\w*|allerg\w*|hospital|doctor|glass|metal|plastic(?! bags?\b)|hair|insects?|bugs?|cockroach\w*"
    r"|maggots?|lawyers?|attorney|lawsuit|legal|sue|court|health (?:department|inspector)|police|threat\w*"
    r"|harass\w*)\b",
    re.IGNORECASE,
)
_HERE = "\ufffc"
"""Stands for a mentioned item while a text is split."""
_SENTENCE = re.compile(r"[.!?]+(?=\s|$)|\n+")
_CLAUSE = re.compile(
    r"[.!?]+(?=\s|$)|[;:,\n]+|\b(?=(?:although|but|except|however|no|not the|though|whereas|while"
    r"|without)\b)",
    re.IGNORECASE,
)
_LIST = re.compile(rf"(?:\s|{_HERE}|\b(?:a|an|and|my|or|our|the)\b)*", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """An item of an order: its name, quantity and unit price in US dollars."""

    name: str
    qty: int
    price_usd: float


def items_of(lines: Iterable[Any]) -> tuple[Item, ...]:
    """The items of an order, from the `lines` of its facts (`refunds.order_facts`)."""
    return tuple(Item(line.name, line.qty, float(line.price)) for line in lines)


@dataclass(frozen=True)
class Reading:
    """What was read from a complaint.

    confidence: the classifier's probability of the category, 0 to 1; named_items: what it complains about, named as on
    the order; alarm_words: words of danger or law, in order and in lower case; clear: whether it says what went wrong.
    """

    category: Category
    confidence: float
    named_items: frozenset[str]
    alarm_words: tuple[str, ...]
    clear: bool = True


def read(text: str, items: Iterable[Item]) -> Reading:
    """Read a complaint about an order of these items."""
    return read_all([(text, tuple(items))])[0]


def read_all(complaints: Sequence[tuple[str, Sequence[Item]]]) -> list[Reading]:
    """Read many complaints, each a text and the items of its order; much faster than one by one."""
    marked = [_marked(text, [item.name for item in items]) for text, items in complaints]
    topics = _topics(sorted({part for text, _ in marked for part in (*_sentences(text), *_clauses(text))}))
    wholes = [" ".join(part for part in _sentences(text) if topics[part] != NO_COMPLAINT) or text for text, _ in marked]
    return [
        _reading(text, names, category, confidence, topics)
        for (text, names), (category, confidence) in zip(marked, _categories(wholes), strict=True)
    ]


def _marked(text: str, items: list[str]) -> tuple[str, list[tuple[str, ...]]]:
    """The text with a mark for each mention of an item, and the items each may mean: a Late Night Ramen is no delay."""
    found = find_mentions(text, items)
    for mention in reversed(found):
        text = f"{text[: mention.start]}{_HERE}{text[mention.end :]}"
    return text, [mention.names for mention in found]


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _clauses(text: str) -> list[str]:
    """A text's clauses; an item of a list belongs to the clause that the list leads to."""
    clauses, listed = [], ""
    for part in _CLAUSE.split(text):
        if _LIST.fullmatch(part):
            listed += part
        else:
            clauses.append((listed + part).strip())
            listed = ""
    return [*clauses, listed] if listed.strip() else clauses


def _topics(parts: list[str]) -> dict[str, str]:
    """What each part of a text is about, by itself: a category or NO_COMPLAINT."""
    labels = classifier.labels()
    likeliest = classifier.probabilities(_masked(parts)).argmax(axis=1) if parts else ()
    return {part: labels[place] for part, place in zip(parts, likeliest, strict=True)}


def _categories(texts: list[str]) -> list[tuple[Category, float]]:
    """Each text's likeliest category and its probability."""
    if not texts:
        return []
    labels = classifier.labels()
    places = [place for place, label in enumerate(labels) if label != NO_COMPLAINT]
    chances = classifier.probabilities(_masked(texts))[:, places]
    best = chances.argmax(axis=1)
    return [(labels[places[place]], round(float(row[place]), 2)) for row, place in zip(chances, best, strict=True)]


def _masked(texts: list[str]) -> list[str]:
    return [text.replace(_HERE, MASK) for text in texts]


def _reading(
    text: str, names: list[tuple[str, ...]], category: Category, confidence: float, topics: dict[str, str]
) -> Reading:
    alarm_words = tuple(dict.fromkeys(word.lower() for word in _ALARM.findall(text)))
    clear = any(topics[sentence] != NO_COMPLAINT for sentence in _sentences(text))
    if not clear:
        category = "service_issue"  # nothing in it can be checked: a person reads it
    return Reading(category, confidence, _complained_about(text, names, category, topics), alarm_words, clear)


def _complained_about(
    text: str, names: list[tuple[str, ...]], category: Category, topics: dict[str, str]
) -> frozenset[str]:
    """The items in the clauses that are about the category; if there are none, those in any clause with a topic,
    or else all. A mention that leaves open which item it means counts for none."""
    about = [topics[clause] for clause in _clauses(text) for _ in range(clause.count(_HERE))]
    mine = [name for name, topic in zip(names, about, strict=True) if topic == category]
    any_topic = [name for name, topic in zip(names, about, strict=True) if topic != NO_COMPLAINT]
    return frozenset(each[0] for each in mine or any_topic or names if len(each) == 1)
