"""The workbook's catalog: used if it is there, else created, else the user chooses another."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.errors.platform import InvalidState

from caspers.platform.unity import CatalogRefused, ensure_catalog
from register import RegisteredWorkbook


def workbook(exists: bool, refusal: Exception | None = None, names: tuple[str, ...] = ()) -> RegisteredWorkbook:
    catalogs = Mock()
    catalogs.get.side_effect = None if exists else NotFound("no such catalog")
    catalogs.create.side_effect = refusal
    catalogs.list.return_value = [SimpleNamespace(name=name) for name in names]
    return RegisteredWorkbook(SimpleNamespace(catalogs=catalogs))


def test_an_existing_catalog_is_used_as_it_is():
    ws = workbook(exists=True)
    assert ensure_catalog(ws, "kitchens") is False
    ws.w.catalogs.create.assert_not_called()


def test_a_missing_one_is_created():
    ws = workbook(exists=False)
    assert ensure_catalog(ws, "kitchens") is True
    ws.w.catalogs.create.assert_called_once_with("caspersdev", comment="kitchens")


@pytest.mark.parametrize(
    "refusal", [InvalidState("Metastore storage root URL does not exist."), PermissionDenied("no")]
)
def test_where_none_may_be_created_the_error_names_those_to_choose_from(refusal):
    ws = workbook(False, refusal, ("workspace", "system", "samples", "main"))
    with pytest.raises(CatalogRefused, match="caspersdev can't be created .*CATALOG set to .*: main, workspace"):
        ensure_catalog(ws, "kitchens")


def test_where_there_is_none_to_choose_the_error_says_so():
    with pytest.raises(CatalogRefused, match="Ask for one"):
        ensure_catalog(workbook(False, PermissionDenied("no"), ("system",)), "kitchens")
