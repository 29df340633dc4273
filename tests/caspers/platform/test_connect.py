"""The clients of a workbook that differ between a laptop and Databricks, and what it makes by itself."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.sql import CreateWarehouseRequestWarehouseType

from caspers.platform.connect import Workbook, connect


def workbook(catalog: str, *there: str, refused: bool = False) -> Workbook:
    """A workbook in a workspace with these warehouses, whose ids are their names in capitals."""
    ws = Workbook(catalog, SimpleNamespace(local=False))
    warehouses = Mock()
    warehouses.list.side_effect = lambda: [SimpleNamespace(name=name, id=name.upper()) for name in there]
    warehouses.create.side_effect = BadRequest("one warehouse only") if refused else None
    warehouses.create.return_value = SimpleNamespace(id="NEW")
    ws.__dict__["w"] = SimpleNamespace(warehouses=warehouses)  # where a cached property keeps its value
    return ws


def test_a_warehouse_of_the_workbooks_name_is_used():
    ws = workbook("caspersdev", "other", "caspers")
    assert ws.warehouse_id == "CASPERS"
    ws.w.warehouses.create.assert_not_called()


def test_a_missing_one_is_created_for_serverless_compute():
    ws = workbook("my_kitchens", "caspers")
    assert ws.warehouse_id == "NEW"
    asked = ws.w.warehouses.create.call_args.kwargs
    assert asked["name"] == "caspers (my_kitchens)"
    pro = CreateWarehouseRequestWarehouseType.PRO
    assert (asked["enable_serverless_compute"], asked["warehouse_type"]) == (True, pro)


def test_where_no_second_one_is_allowed_the_first_is_used():
    assert workbook("caspersdev", "Serverless Starter Warehouse", refused=True).warehouse_id.startswith("SERVERLESS")


def test_where_there_is_none_and_none_is_allowed_the_refusal_is_raised():
    with pytest.raises(BadRequest, match="one warehouse only"):
        _ = workbook("caspersdev", refused=True).warehouse_id


@pytest.mark.parametrize(
    ("catalog", "folder"), [("caspersdev", "caspers-workbook"), ("my_kitchens", "caspers-workbook_my_kitchens")]
)
def test_files_are_published_to_the_catalogs_own_folder(catalog, folder):
    ws = workbook(catalog)
    ws.__dict__["w"] = Mock()
    ws.w.current_user.me.return_value = SimpleNamespace(user_name="me@example.com")
    assert ws.publish("databricks.yml") == f"/Workspace/Users/me@example.com/{folder}/databricks.yml"
    assert ws.w.workspace.upload.call_args.args[0] == ws.publish("databricks.yml")


def test_a_volumes_file_is_written_and_replaced_as_a_whole(connected, w, catalog):
    w.schemas.create("uploads", catalog)
    w.volumes.create(catalog, "uploads", "files", VolumeType.MANAGED)
    ws = connect(catalog)
    file = Path(ws.volume("uploads", "files"), "a.json")
    for text in (b"salt", b"salt and plums"):
        ws.upload(file, BytesIO(text))
        assert file.read_bytes() == text
    there = f"/Volumes/{catalog}/uploads/files"
    assert [entry.name for entry in w.files.list_directory_contents(there)] == ["a.json"]
    assert w.files.download(f"{there}/a.json").contents.read() == b"salt and plums"
    w.schemas.delete(f"{catalog}.uploads", force=True)
