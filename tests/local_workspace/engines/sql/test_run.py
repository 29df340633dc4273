"""What happens to a statement that runs when its engine stops."""

import threading

from local_workspace.engines.sql.statement import Statement
from local_workspace.engines.sql.statements import StatementsEngine


class EndlessSession:
    """A session whose statements run until they are interrupted."""

    def __init__(self) -> None:
        self.began, self.interrupted = threading.Event(), threading.Event()

    def sql(self, *_: object) -> None:
        self.began.set()
        assert self.interrupted.wait(60)
        raise RuntimeError("[OPERATION_CANCELED]")

    def addTag(self, tag: str) -> None:
        self.tag = tag

    def removeTag(self, tag: str) -> None:
        assert tag == self.tag

    def interruptTag(self, tag: str) -> None:
        assert tag == self.tag
        self.interrupted.set()


class EndlessSpark:
    def __init__(self) -> None:
        self.opened = EndlessSession()

    def session(self, *_: object) -> EndlessSession:
        return self.opened


def test_a_statement_that_runs_is_ended_with_its_engine_while_spark_is_there():
    spark = EndlessSpark()
    statements = StatementsEngine(spark)
    answer = statements.execute(Statement("INSERT INTO t SELECT 1"), wait_seconds=0)
    assert spark.opened.began.wait(60)
    statements.stop()
    assert spark.opened.interrupted.is_set()
    assert statements.get(answer["statement_id"])["status"]["state"] == "CANCELED"
