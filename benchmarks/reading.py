"""How well and how fast complaints are read.

    uv run benchmarks/reading.py            the held-out texts, and 8,000 readings
    uv run benchmarks/reading.py --count 2000

Accuracy is measured on the first subject of each held-out text; training never sees those texts.
"""

import argparse
import time

from machine import described

from caspers.complaints import classifier
from caspers.complaints.corpus import held_out, training
from caspers.complaints.reading import Item, read, read_all
from caspers.complaints.scores import Scores, measure


def report(scores: Scores) -> None:
    """Print the accuracy by category and by difficulty, and what was found of the missing items."""
    for name, count in scores.texts.items():
        print(f"{name:18}{scores.right[name]:4} of {count:3}  {scores.right[name] / count:6.1%}")
    print(f"{'all categories':18}{'':11}  {scores.accuracy():6.1%}")
    for kind, (right, count) in scores.by_kind.items():
        print(f"  {kind:16}{right:4} of {count:3}  {right / count:6.1%}")
    print(f"missing items: recall {scores.recall:.1%}, precision {scores.precision:.1%}")


def speed(count: int) -> None:
    """Print how long training takes, and reading one by one and all at once."""
    complaints = [
        (f"{each.text} {place}", tuple(Item(name, 1, 1.0) for name in each.items))
        for place, each in zip(range(count), held_out() * (count // 100 + 1), strict=False)
    ]
    began = time.perf_counter()
    read_all(complaints)
    print(f"{count / (time.perf_counter() - began):,.0f} complaints a second at once")
    began = time.perf_counter()
    for text, items in complaints[:200]:
        read(text, items)
    print(f"{(time.perf_counter() - began) * 5:.1f} ms for one complaint")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8000)
    import sklearn.linear_model  # noqa: F401  its import is not what is timed

    print(described())
    start = time.perf_counter()
    classifier.trained()
    print(f"trained on {len(training()[0])} texts in {time.perf_counter() - start:.2f} s")
    report(measure())
    speed(parser.parse_args().count)
