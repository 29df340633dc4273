"""What a deployed folder says about its app."""

import sys

import pytest

from local_workspace.engines.apps.source import AppSource, argv, read_source, resource_value, variables
from local_workspace.runtime.errors import ApiError

POSTGRES = {"name": "db", "postgres": {"branch": "projects/p/branches/production", "database": "d"}}
WAREHOUSE = {"name": "sql", "sql_warehouse": {"id": "w-1"}}


def test_a_folder_without_app_yaml_runs_its_first_python_file(tmp_path):
    for name in ("worker.py", "main.py", "a.txt"):
        (tmp_path / name).touch()
    assert read_source(tmp_path) == AppSource(["python", "main.py"], [])


def test_a_folder_with_nothing_to_run_is_refused(tmp_path):
    with pytest.raises(ApiError, match="neither a `command` in app.yaml nor a .py file"):
        read_source(tmp_path)


def test_values_are_those_that_are_written(tmp_path):
    (tmp_path / "app.yaml").write_text("command: [run, 8000]\nenv: [{name: A, value: true}, {name: B, value: 010}]\n")
    source = read_source(tmp_path)
    assert source.command == ["run", "8000"]
    assert variables(source.env, [], str) == {"A": "true", "B": "010"}


@pytest.mark.parametrize("name", ["app.yaml", "app.yml"])
def test_app_yaml_gives_command_and_environment(tmp_path, name):
    (tmp_path / name).write_text("command: [uvicorn, 'main:app']\nenv: [{name: A, value: b}]\n")
    assert read_source(tmp_path) == AppSource(["uvicorn", "main:app"], [{"name": "A", "value": "b"}])


def test_app_yaml_goes_before_app_yml_and_may_be_empty(tmp_path):
    (tmp_path / "app.yaml").write_text("")
    (tmp_path / "app.yml").write_text("command: [other]\n")
    (tmp_path / "app.py").touch()
    assert read_source(tmp_path).command == ["python", "app.py"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("[a]", "must be a mapping"),
        ("command: python app.py", "`command` must be a list of words"),
        ("command: [python, [5]]", "`command` must be a list of words"),
        ("env: {A: b}", "each entry of `env` needs a `name`"),
        ("env: [A]", "each entry of `env` needs a `name`"),
        ("env: [{value: b}]", "each entry of `env` needs a `name`"),
        ("env: [{name: 'A=B', value: b}]", "each entry of `env` needs a `name` without '='"),
        ("env: [{name: A, value: [b]}]", "a text as `value`"),
        ("env: [{name: [A], value: b}]", "each entry of `env` needs a `name`"),
        ("[" * 10_000, "is not YAML"),
        ("command: [caf\u00e9]", "is not text in UTF-8"),
    ],
)
def test_an_app_yaml_that_makes_no_sense(tmp_path, text, message):
    (tmp_path / "app.yaml").write_text(text, encoding="latin-1")
    with pytest.raises(ApiError, match=message) as refused:
        read_source(tmp_path)
    assert refused.value.status == 400 and "app.yaml" in refused.value.message


def test_variables_take_their_value_or_a_resources():
    entries = [{"name": "A", "value": 5}, {"name": "B", "valueFrom": "sql"}, {"name": "C", "value_from": "db"}]
    expected = {"A": "5", "B": "w-1", "C": "projects/p/branches/production/endpoints/primary"}
    assert variables(entries, [POSTGRES, WAREHOUSE], str) == expected


def test_a_later_variable_replaces_an_earlier_one():
    assert variables([{"name": "A", "value": "1"}, {"name": "A"}], [], str) == {"A": ""}


@pytest.mark.parametrize(("resources", "known"), [([], "none"), ([WAREHOUSE], r"\['sql'\]")])
def test_a_variable_of_a_resource_that_the_app_does_not_have(resources, known):
    with pytest.raises(ApiError, match=f"The variable A takes its value from 'db'; the app's resources are {known}"):
        variables([{"name": "A", "valueFrom": "db"}], resources, str)


@pytest.mark.parametrize(
    ("resource", "value"),
    [
        ({"serving_endpoint": {"name": "e"}}, "e"),
        ({"job": {"id": "7"}}, "7"),
        ({"experiment": {"experiment_id": "8"}}, "8"),
        ({"uc_securable": {"securable_full_name": "c.s.v"}}, "c.s.v"),
        ({"app": {"name": "other"}}, "other"),
    ],
)
def test_the_value_of_a_resource(resource, value):
    assert resource_value({"name": "r", **resource}, str) == value


def test_a_resource_of_another_kind_has_no_value():
    with pytest.raises(ApiError, match="The resource 'room' is of a kind"):
        resource_value({"name": "room", "genie_space": {"space_id": "s"}}, str)


def test_the_value_of_a_secret_is_revealed():
    resource = {"name": "key", "secret": {"scope": "s", "key": "k"}}
    assert resource_value(resource, {"{{secrets/s/k}}": "hidden"}.__getitem__) == "hidden"


def test_a_commands_program_is_found_on_its_path(tmp_path):
    program = tmp_path / "serve"
    program.symlink_to(sys.executable)
    env = {"PATH": str(tmp_path), "DATABRICKS_APP_PORT": "8001"}
    assert argv(["serve", "--port=$DATABRICKS_APP_PORT"], env) == [str(program), "--port=8001"]
    with pytest.raises(ApiError, match="starts with 'uvicorn', and there is no such program"):
        argv(["uvicorn"], env)
