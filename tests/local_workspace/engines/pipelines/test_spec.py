"""Which specs of pipelines are taken, and which files they name."""

import pytest

from local_workspace.engines.pipelines import spec
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home, open_home

FILE = {"file": {"path": "/Workspace/a.py"}}
GOOD = {"name": "x", "schema": "kitchens", "libraries": [FILE]}


@pytest.fixture
def home(tmp_path) -> Home:
    home = open_home(tmp_path / "home")
    for path in ("a.py", "flows/b.py", "flows/deep/c.py", "flows/notes.txt", "flows.py"):
        file = home.workspace_files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return home


def globs(*includes: str) -> dict:
    return {**GOOD, "libraries": [{"glob": {"include": include}} for include in includes]}


@pytest.mark.parametrize("schema", [{"schema": "kitchens"}, {"target": "kitchens"}])
def test_a_spec_names_its_schema_in_either_field(schema):
    sent = {"name": "x", "libraries": [FILE], **schema}
    spec.check(sent)
    assert spec.schema_of(sent) == "kitchens"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"schema": ""}, "needs a schema"),
        ({"schema": "a`; DROP"}, "needs a schema"),
        ({"target": "other"}, "either `schema` or `target`"),
        ({"libraries": [FILE | {"notebook": {"path": "/b"}}]}, "this one has file, notebook"),
        ({"libraries": []}, "needs source files"),
        ({"libraries": [FILE, {"jar": "x.jar"}]}, r"not \['jar'\]"),
        ({"libraries": [{"glob": {}}]}, r"not \['glob'\]"),
    ],
)
def test_a_spec_that_cannot_run_is_refused(change, message):
    with pytest.raises(ApiError, match=message):
        spec.check({**GOOD, **change})


def test_a_folder_names_all_python_files_below_it_once_and_sorted(home):
    root = home.workspace_files.resolve()
    found = spec.source_files(home, globs("/Workspace/flows/**", "/flows/b.py", "/a.py"))
    assert found == [root / "a.py", root / "flows/b.py", root / "flows/deep/c.py"]


@pytest.mark.parametrize("include", ["/nothing/**", "/nothing.py", "/flows", "/Workspace/flows/deep/*.py"])
def test_a_library_without_a_file_is_refused_by_name(home, include):
    with pytest.raises(ApiError, match="No source file matches"):
        spec.source_files(home, globs("/a.py", include))


@pytest.mark.parametrize("path", ["/../secret.py", "/Workspace/../../secret.py", "/flows/../../../secret.py"])
def test_no_path_leads_out_of_the_workspace(home, path):
    (home.root / "secret.py").write_text("")
    with pytest.raises(ApiError, match="not a path in the workspace"):
        spec.local_path(home, path)


def test_a_link_does_not_lead_out_of_the_workspace(home, tmp_path):
    (tmp_path / "outside.py").write_text("")
    (home.workspace_files / "link.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(ApiError, match="not a path in the workspace"):
        spec.source_files(home, globs("/link.py"))


def test_new_files_are_looked_for_in_the_volumes_that_the_configuration_names(home):
    landing = home.volumes / "simulator" / "events"
    configuration = {"a": str(landing), "b": f"file://{landing}/more", "c": "/tmp", "d": "events", "e": "5"}
    found = spec.source_directories(home, {**GOOD, "configuration": configuration})
    assert found == [landing, landing / "more"]
    assert spec.source_directories(home, GOOD) == []
