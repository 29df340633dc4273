from local_workspace.runtime.log_files import end_of


def test_the_end_of_a_log_is_read_also_amid_a_character(tmp_path):
    (tmp_path / "a.log").write_text("first\nsécond\n", encoding="utf-8")
    assert end_of(tmp_path / "a.log") == "first\nsécond\n"
    assert end_of(tmp_path / "a.log", 6) == "\ufffdcond\n"


def test_a_log_that_nobody_has_written_is_empty(tmp_path):
    assert end_of(tmp_path / "none.log") == ""
