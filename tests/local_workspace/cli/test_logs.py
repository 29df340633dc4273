import io
import threading

import pytest

from local_workspace.cli import logs
from local_workspace.runtime.errors import SetupError
from waiting import eventually


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spark.log").write_text("".join(f"line {number}\n" for number in range(10_000)))
    (tmp_path / "mlflow.log").write_text("one\ntwo without an end")
    (tmp_path / "notes.txt").write_text("no log")
    return tmp_path


def shown(folder, engine, lines=2):
    output = io.StringIO()
    logs.show(folder, engine, lines, False, output)
    return output.getvalue()


def test_one_log_ends_with_its_last_lines(folder):
    assert shown(folder, "spark") == "line 9998\nline 9999\n"
    assert shown(folder, "spark", 0) == ""
    assert shown(folder, "mlflow", 50) == "one\ntwo without an end\n"


def test_all_logs_have_their_names_above(folder):
    assert shown(folder, None, 1) == "==> mlflow <==\ntwo without an end\n==> spark <==\nline 9999\n"


def test_a_wrong_name_is_answered_with_those_that_there_are(folder):
    with pytest.raises(SetupError, match="logs of: mlflow, spark"):
        shown(folder, "../secrets")


def test_what_is_added_is_printed(folder):
    output = io.StringIO()
    following = threading.Thread(target=logs.show, args=(folder, "mlflow", 0, True, output), daemon=True)
    following.start()

    def seen():
        with (folder / "mlflow.log").open("a") as log:
            log.write("more\n")
        return output.getvalue()

    eventually(seen, lambda text: "more" in text)
