"""A Postgres whose disk fails while it writes, and fails again while it recovers."""

import os
import shutil
import threading
from collections.abc import Iterator

import psutil
import psycopg
import pytest
from databricks.sdk.errors import DatabricksError

import fault_tools
from lakebase_workspace import LakebaseWorkspace, server_pid
from waiting import eventually

DOWN = (psycopg.OperationalError, DatabricksError, TimeoutError)


@pytest.fixture
def workspace(tmp_path) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path / "home")
    made.make_database()
    yield made
    made.close()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="a disk that fails takes root and strace")
def test_a_server_that_does_not_recover_from_a_disk_error_is_started_again(workspace):
    with workspace.connect() as connection:
        connection.execute("CREATE TABLE note AS SELECT 1 AS number")
    server = psutil.Process(server_pid(workspace))
    failing = threading.Thread(target=fault_tools.fail_to_sync, args=(server, 6))
    failing.start()
    with workspace.connect() as connection:
        eventually(lambda: wrote(connection), False)
    failing.join()
    assert eventually(lambda: numbers(workspace), ignoring=DOWN, seconds=60)[:1] == [(1,)]


def wrote(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("INSERT INTO note VALUES (2)")
    except psycopg.OperationalError:
        return False
    return True


def numbers(workspace: LakebaseWorkspace) -> list[tuple]:
    with workspace.connect() as connection:
        return connection.execute("SELECT number FROM note ORDER BY number").fetchall()
