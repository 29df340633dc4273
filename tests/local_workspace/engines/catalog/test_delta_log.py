from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from local_workspace.engines.catalog.delta_log import DeltaLog


def write(folder: Path, rows: int) -> None:
    write_deltalake(str(folder), pa.table({"n": pa.array(range(rows), pa.int64())}), mode="append")


def test_history_is_newest_first_and_size_is_that_of_the_newest_version(tmp_path):
    write(tmp_path, 3)
    write(tmp_path, 5)
    newest, oldest = DeltaLog(tmp_path).history()
    assert (newest.version, newest.operation, oldest.version) == (1, "WRITE", 0)
    assert newest.parameters["mode"] == "Append" and newest.timestamp >= oldest.timestamp
    size = DeltaLog(tmp_path).size()
    assert (size.files, size.rows) == (2, 8)
    assert size.bytes == sum(file.stat().st_size for file in tmp_path.glob("*.parquet"))


def test_a_folder_that_is_no_delta_table_has_neither(tmp_path):
    assert DeltaLog(tmp_path).history() == [] and DeltaLog(tmp_path).size() is None
