"""Which items of an order a text names, also shortened or misspelled: "mango floats" is a Mango Tea Float.

A mention is a run of words of an item's name: the whole name, or at least one word that is no ordinary word: "the box"
is no Three-Piece Chicken Box. The word before a part of a name must not belong to another name: "chicken gyro" is no
Pork Gyro. If a run may mean several items, it means the one with most of its words; with as many words, it is unclear
which one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from caspers.complaints.corpus import MASK, training

ALIKE = 80
"""How similar two words have to be, of 100."""
_CACHED = 10_000  # entries; complaints share most of their words
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_JOINING = frozenset({"and", "n", "of", "with", "in", "the"})
_FUNCTION = frozenset(
    re.findall(
        r"\w+",
        """
    a an the my our your his her their its this that these those no not any some one two three both i you he she we they
    it me us him them is are was were be been has have had do did does and or but so for from with without of in on at
    to by as if than then there here also only just even still please""",
    )
)


@dataclass(frozen=True)
class Mention:
    """Characters `start` to `end` of a text name one of `names`; several if the text doesn't say which."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """Words `first` to `last` of a text that are words of a name; `full` if they are all of its words."""

    name: str
    first: int
    last: int
    full: bool
    weight: int


def find_mentions(text: str, names: Iterable[str]) -> list[Mention]:
    """The mentions of these items in a text, in the order of the text."""
    found = list(_WORD.finditer(text))
    words = [normalized(match.group()) for match in found]
    before = [_before(text, found, place) for place in range(len(found))]
    runs = sorted((run for name in dict.fromkeys(names) for run in _runs(words, before, name)), key=_better)
    chosen: list[list[_Run]] = []
    for run in runs:
        rivals = next((each for each in chosen if each[0].first <= run.last and run.first <= each[0].last), None)
        if rivals is None:
            chosen.append([run])
        elif _better(rivals[0]) == _better(run) and (rivals[0].first, rivals[0].last) == (run.first, run.last):
            rivals.append(run)
    chosen.sort(key=lambda each: each[0].first)
    return [
        Mention(found[each[0].first].start(), found[each[0].last].end(), tuple(run.name for run in each))
        for each in chosen
    ]


@lru_cache(maxsize=_CACHED)
def normalized(word: str) -> str:
    """A word in lower case, without accents and apostrophes."""
    letters = unicodedata.normalize("NFKD", word.lower())
    return "".join(each for each in letters if each.isalnum())


@cache
def ordinary_words() -> frozenset[str]:
    """The words that people use when they complain, whatever they ate: those of the training texts."""
    words = {normalized(word) for text in training()[0] for word in _WORD.findall(text.replace(MASK, " "))}
    return frozenset(words | _FUNCTION)


def _better(run: _Run) -> tuple[bool, int]:
    return not run.full, -run.weight


def _before(text: str, found: list[re.Match[str]], place: int) -> str:
    """The word before the one at `place`, empty if there is none or if something stands between them."""
    if place == 0 or text[found[place - 1].end() : found[place].start()].strip():
        return ""
    return normalized(found[place - 1].group())


def _runs(words: list[str], before: list[str], name: str) -> list[_Run]:
    parts = _parts(name)
    hits = _hits(words, parts)
    runs, at = [], 0
    while at < len(words):
        if not hits.get(at):
            at += 1
            continue
        last = ahead = at
        while ahead + 1 < len(words) and (hits.get(ahead + 1) or words[ahead + 1] in _JOINING):
            ahead += 1
            last = ahead if hits.get(ahead) else last
        covered = set().union(*(hits.get(place, ()) for place in range(at, last + 1)))
        distinctive = [part for part in covered if parts[part] not in ordinary_words()]
        full = len(covered) == len(parts)
        if full or (distinctive and not _may_be_of_a_name(before[at])):
            runs.append(_Run(name, at, last, full, 10 * len(distinctive) + len(covered)))
        at = last + 1
    return runs


@lru_cache(maxsize=_CACHED)
def _parts(name: str) -> tuple[str, ...]:
    """The words of a name without those that join, or all of it if nothing else is left."""
    return tuple(part for part in map(normalized, _WORD.findall(name)) if part not in _JOINING) or (normalized(name),)


def _hits(words: list[str], parts: tuple[str, ...]) -> dict[int, set[int]]:
    """For each word's place, the parts of the name that it is."""
    if not words:
        return {}
    alike = process.cdist(words, parts, scorer=fuzz.ratio, score_cutoff=ALIKE).nonzero()
    found: dict[int, set[int]] = {}
    for place, part in zip(*(places.tolist() for places in alike), strict=True):
        if _same(words[place], parts[part]):
            found.setdefault(place, set()).add(part)
    return found


def _same(word: str, part: str) -> bool:
    """Whether two similar words are the same: ordinary and short words have to be equal, but for a plural."""
    if word == part or word in (part + "s", part + "es") or part in (word + "s", word + "es"):
        return True
    return word[0] == part[0] and min(len(word), len(part)) > 3 and word not in ordinary_words()


@lru_cache(maxsize=_CACHED)
def _may_be_of_a_name(word: str) -> bool:
    """Whether a word may belong to a name: it is neither ordinary nor an ordinary word misspelled."""
    if len(word) < 4 or word in ordinary_words():
        return False
    return process.extractOne(word, ordinary_words(), scorer=fuzz.ratio, score_cutoff=ALIKE) is None
