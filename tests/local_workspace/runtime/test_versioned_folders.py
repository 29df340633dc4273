from local_workspace.runtime.versioned_folders import put_in_place


def test_the_folder_of_another_version_is_removed_and_nothing_else(tmp_path):
    new, old, other = (tmp_path / name for name in ("spark-4.1.2-hadoop-3.4.3", "spark-4.1.2", "postgres-18"))
    unfinished = tmp_path / "spark-4.1.2-hadoop-3.4.unfinished"
    for folder in (unfinished, old, other):
        (folder / "bin").mkdir(parents=True)
    (tmp_path / "spark-4.1.2.lock").touch()
    put_in_place(unfinished, new)
    assert {path.name for path in tmp_path.iterdir()} == {new.name, other.name, "spark-4.1.2.lock"}
    assert (new / "bin").exists()
