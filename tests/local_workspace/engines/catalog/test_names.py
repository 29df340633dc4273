"""Which names the catalog takes."""

import pytest

from local_workspace.engines.catalog.names import checked_name, name_parts
from local_workspace.runtime.errors import ApiError


@pytest.mark.parametrize("name", ["a", "_", "Orders_2024", "n" * 128])
def test_identifiers_are_names(name):
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "a.b", "é", "a\n", "`a`", "n" * 129])
def test_other_text_is_no_name(name):
    with pytest.raises(ApiError, match="is not an identifier"):
        checked_name(name)


def test_a_full_name_has_so_many_parts():
    assert name_parts("main.kitchens.orders", 3) == ["main", "kitchens", "orders"]
    for name in ("kitchens.orders", "main.kitchens.orders.x", ""):
        with pytest.raises(ApiError, match="is not a name of 3 parts"):
            name_parts(name, 3)
    with pytest.raises(ApiError, match="'' is not an identifier"):
        name_parts("main..orders", 3)
