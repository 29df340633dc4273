"""`python -m caspers.canonical`: write the canonical dataset, or draw the figures of its data card."""

import argparse
import time
from pathlib import Path

import polars as pl
from rich.console import Console

from caspers.canonical.content import content_hash
from caspers.canonical.dataset import load_dataset, scan_table
from caspers.canonical.generate import DAYS, SEED, generate

DATASET = Path("data/canonical/canonical_dataset")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m caspers.canonical", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True)
    make = command.add_parser("generate", help="draw a dataset from a seed and write its Parquet files")
    make.add_argument("--seed", type=int, default=SEED, help="another seed gives another dataset (default %(default)s)")
    make.add_argument("--days", type=int, default=DAYS, help="days from 2024-01-01 (default %(default)s)")
    make.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="number of orders, as a multiple of the committed dataset's (default %(default)s)",
    )
    make.add_argument("--out", type=Path, default=DATASET, help="default %(default)s")
    make.set_defaults(run=_generate)
    card = command.add_parser("card", help="draw the data card's plots and print its figures")
    card.add_argument("--dataset", type=Path, default=DATASET, help="default %(default)s")
    card.add_argument("--out", type=Path, default=DATASET.parent / "plots", help="default %(default)s")
    card.set_defaults(run=_card)
    return parser.parse_args()


def _generate(arguments: argparse.Namespace) -> None:
    """Generate, read back, and print what was made."""
    start = time.perf_counter()
    with Console(stderr=True).status("drawing orders") as status:
        generate(arguments.out, arguments.seed, arguments.days, arguments.scale, status.update)
        seconds = time.perf_counter() - start
        counted = scan_table(arguments.out, "events").select(pl.len(), orders=pl.col("order_id").n_unique()).collect()
        status.update("hashing the content")
        digest = content_hash(arguments.out)
    (events, orders), size = counted.row(0), sum(file.stat().st_size for file in arguments.out.glob("*.parquet"))
    print(f"{events:,} events of {orders:,} orders, {size / 1e6:.1f} MB, in {seconds:.1f} s")
    print(f"content hash {digest}")


def _card(arguments: argparse.Namespace) -> None:
    """Draw the plots and print the figures of the dataset's card."""
    from caspers.canonical.card import write_card  # matplotlib takes a second to import

    print(write_card(load_dataset(arguments.dataset), arguments.out))


def main() -> None:
    """Run the command that the arguments name; a wrong argument or dataset is one line, not a traceback."""
    arguments = _arguments()
    try:
        arguments.run(arguments)
    except ValueError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
