"""How well complaints are read, measured on the held-out texts."""

from collections import Counter
from dataclasses import dataclass

from caspers.complaints import SHARES, Category
from caspers.complaints.corpus import NO_COMPLAINT, HeldOut, held_out
from caspers.complaints.reading import Item, Reading, read_all


@dataclass(frozen=True)
class Scores:
    """Counts over the held-out texts.

    right, texts: by category or NO_COMPLAINT; by_kind: (right, texts) by what is hard.
    named: items reported missing that were found, items reported, items found.
    wrong: the texts that were misread, with their reading.
    """

    right: Counter[str]
    texts: Counter[str]
    by_kind: dict[str, tuple[int, int]]
    named: tuple[int, int, int]
    wrong: list[tuple[HeldOut, Reading]]

    def accuracy(self, category: Category | None = None) -> float:
        """The share of texts of a category, or of all five together, whose category is read correctly."""
        names = [category] if category else list(SHARES)
        return sum(self.right[name] for name in names) / sum(self.texts[name] for name in names)

    @property
    def precision(self) -> float:
        """The share of the items read as missing that the customer reports."""
        return self.named[0] / self.named[2]

    @property
    def recall(self) -> float:
        """The share of the items reported missing that are read."""
        return self.named[0] / self.named[1]


def measure() -> Scores:
    """Read all held-out texts and compare."""
    texts = held_out()
    readings = read_all([(each.text, [Item(name, 1, 1.0) for name in each.items]) for each in texts])
    pairs = list(zip(texts, readings, strict=True))
    wrong = [(each, reading) for each, reading in pairs if not _right(each, reading)]
    missed = Counter(each.kind for each, _ in wrong)
    kinds = Counter(each.kind for each in texts)
    return Scores(
        Counter(each.category for each, reading in pairs if _right(each, reading)),
        Counter(each.category for each in texts),
        {kind: (count - missed[kind], count) for kind, count in kinds.items()},
        _named(pairs),
        wrong,
    )


def _right(text: HeldOut, reading: Reading) -> bool:
    return not reading.clear if text.category == NO_COMPLAINT else reading.category == text.category


def _named(pairs: list[tuple[HeldOut, Reading]]) -> tuple[int, int, int]:
    """Counts of items over the texts about missing items: correctly found, reported, found."""
    missing = [(each.named, reading.named_items) for each, reading in pairs if each.category == "missing_items"]
    return (
        sum(len(named & found) for named, found in missing),
        sum(len(named) for named, _ in missing),
        sum(len(found) for _, found in missing),
    )
