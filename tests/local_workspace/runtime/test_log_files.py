from local_workspace.runtime import log_files
from local_workspace.runtime.log_files import end_of


def test_the_end_of_a_log_is_read_also_amid_a_character(tmp_path):
    (tmp_path / "a.log").write_text("first\nsécond\n", encoding="utf-8")
    assert end_of(tmp_path / "a.log") == "first\nsécond\n"
    assert end_of(tmp_path / "a.log", 6) == "\ufffdcond\n"


def test_a_log_that_nobody_has_written_is_empty(tmp_path):
    assert end_of(tmp_path / "none.log") == ""


def test_a_long_log_moves_aside_and_its_process_goes_on_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "ROTATED_BYTES", 10)
    path = tmp_path / "a.log"
    with path.open("ab", buffering=0) as process:
        process.write(b"a first line\n")
        log_files.rotate(path)
        process.write(b"a second\n")
        log_files.rotate(path)
    assert (tmp_path / "a.log.1").read_text() == "a first line\n"
    assert path.read_text() == "a second\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.log", "a.log.1"]
