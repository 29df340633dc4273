"""The Spark server's memory."""

from pathlib import Path

import marks
from local_workspace.runtime.home import Home
from waiting import eventually

# One value of half a gigabyte, for which the heap has to grow.
LARGE = "SELECT length(repeat('x', 500000000 + CAST(id AS INT))) AS length FROM range(1)"
# Longer than a server has to be quiet, without work.
LONG = "SELECT java_method('java.lang.Thread', 'sleep', 45000L) AS answer"


def test_a_server_that_has_nothing_to_do_gives_memory_back_but_not_while_a_statement_runs(workspace, spark):
    server = marks.process(Home(Path(workspace["CASPERS_HOME"])), "spark")

    def resident():
        return server.memory_info().rss

    assert spark.sql(LARGE).collect() == [(500_000_000,)]
    busy = resident()
    spark.sql(LONG).collect()
    assert resident() > 0.9 * busy
    eventually(resident, lambda now: now < 0.8 * busy)
    assert spark.sql(LARGE).collect() == [(500_000_000,)]
