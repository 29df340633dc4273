"""`python -m caspers.canonical generate`: write the canonical dataset."""

import argparse
import time
from pathlib import Path

from caspers.canonical.dataset import content_hash, load_dataset
from caspers.canonical.generate import DAYS, SEED, generate


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m caspers.canonical", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True)
    make = command.add_parser("generate", help="draw a dataset from a seed and write its Parquet files")
    make.add_argument("--seed", type=int, default=SEED, help="another seed gives another dataset (default %(default)s)")
    make.add_argument("--days", type=int, default=DAYS, help="days from 2024-01-01 (default %(default)s)")
    make.add_argument("--scale", type=float, default=1.0, help="orders relative to the story (default %(default)s)")
    make.add_argument("--out", type=Path, default=Path("data/canonical/canonical_dataset"), help="default %(default)s")
    return parser.parse_args()


def main() -> None:
    """Generate, read back with every check, and print what was made."""
    arguments, start = _arguments(), time.perf_counter()
    try:
        generate(arguments.out, arguments.seed, arguments.days, arguments.scale)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    seconds = time.perf_counter() - start
    dataset = load_dataset(arguments.out)
    size = sum(file.stat().st_size for file in arguments.out.glob("*.parquet")) / 1e6
    print(f"{dataset.events.height:,} events of {dataset.orders:,} orders, {size:.1f} MB, in {seconds:.1f} s")
    print(f"content hash {content_hash(dataset)}")


if __name__ == "__main__":
    main()
