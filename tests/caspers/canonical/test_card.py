"""The data card's figures are those of the dataset."""

import re

import pytest

from canonical_orders import REPO
from caspers.canonical.card import write_card
from caspers.canonical.dataset import load_dataset
from caspers.canonical.generate import generate

CARD = REPO / "data/canonical/README.md"


def test_the_card_s_figures_and_plots_are_those_of_the_dataset(dataset, tmp_path):
    assert write_card(dataset, tmp_path) in CARD.read_text()
    drawn = {file.name for file in tmp_path.iterdir()}
    shown = set(re.findall(r"\(plots/(\w+\.png)\)", CARD.read_text()))
    kept = {file.name for file in (REPO / "data/canonical/plots").iterdir()}
    assert drawn == shown == kept and len(drawn) == 4
    assert all((tmp_path / name).stat().st_size > 10_000 for name in drawn)


def test_the_card_counts_what_is_there(dataset):
    heights = {name: table.height for name, table in dataset.tables.items()}
    for count in (dataset.orders, heights["events"], heights["brands"], heights["categories"], heights["items"]):
        assert f"{count:,} " in CARD.read_text()


def test_a_dataset_of_one_s_own_has_a_card_too(tmp_path):
    generate(tmp_path / "data", 2, days=15, scale=0.1)
    table = write_card(load_dataset(tmp_path / "data"), tmp_path / "plots")
    assert table.count("\n") == 5 and "Silicon Valley" in table


def test_too_short_a_dataset_has_no_card(tmp_path):
    generate(tmp_path / "data", 2, days=9, scale=0.1)
    with pytest.raises(ValueError, match="less than two weeks"):
        write_card(load_dataset(tmp_path / "data"), tmp_path / "plots")
    assert not (tmp_path / "plots").exists()
