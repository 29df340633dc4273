import pytest

from local_workspace.runtime.partial_files import PartialFiles


@pytest.fixture
def partial(tmp_path):
    return PartialFiles(tmp_path / "partial")


def test_a_file_is_there_as_a_whole_and_replaces_one(partial, tmp_path):
    place = tmp_path / "jar.txt"
    for text in (b"salt", b"salt and plums"):
        with partial.writing(place) as file:
            file.write(text)
            assert not place.exists() or place.read_bytes() == b"salt"
        assert place.read_bytes() == text
    assert not list((tmp_path / "partial").iterdir())


def test_one_that_fails_leaves_all_as_it_was(partial, tmp_path):
    place = tmp_path / "jar.txt"
    place.write_bytes(b"salt")
    with pytest.raises(ConnectionError), partial.writing(place) as file:
        file.write(b"pep")
        raise ConnectionError
    assert place.read_bytes() == b"salt"
    assert not list((tmp_path / "partial").iterdir())


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "half").write_bytes(b"pep")
    PartialFiles(tmp_path / "partial")
    assert not (tmp_path / "partial").exists()
