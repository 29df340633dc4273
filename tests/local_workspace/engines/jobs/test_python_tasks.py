"""Tasks that run Python files and wheels, as bundles deploy them, each in its environment."""

import io
from pathlib import Path

import pytest
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.compute import ClusterSpec, Environment, Library, PythonPyPiLibrary
from databricks.sdk.service.jobs import (
    JobEnvironment,
    JobParameterDefinition,
    NotebookTask,
    PythonWheelTask,
    Source,
    SparkPythonTask,
    Task,
    TaskDependency,
)
from databricks.sdk.service.workspace import ImportFormat

from local_workspace.engines.jobs import process_tasks
from wheels import wheel

FOLDER = "/Workspace/Users/me/.bundle/tasks/files"
MAIN = "[console_scripts]\nmain = kitchentool:main\n"
SHOUT = "import sys\ndef main():\n    print('spoons', SPOONS, sys.argv[1:])\nSPOONS = {spoons}\n"


@pytest.fixture(scope="module")
def artifacts(space, tmp_path_factory) -> dict[int, str]:
    """The paths of two versions of a wheel, where bundles upload it."""
    folder = "/Workspace/Users/me/.bundle/tasks/artifacts/.internal"
    space.w.workspace.mkdirs(folder)
    paths = {}
    for number in (1, 2):
        file = wheel(tmp_path_factory.mktemp("dist"), "kitchentool", f"{number}.0", SHOUT.format(spoons=number), MAIN)
        paths[number] = f"{folder}/{file.name}"
        space.w.workspace.upload(paths[number], file.read_bytes(), format=ImportFormat.AUTO)
    return paths


def upload(space, name: str, text: str, encoding: str = "utf-8") -> str:
    path = f"{FOLDER}/{name}"
    space.w.workspace.mkdirs(path.rpartition("/")[0])
    space.w.workspace.upload(path, io.BytesIO(text.encode(encoding)), format=ImportFormat.AUTO, overwrite=True)
    return path


def environment(*dependencies: str, key: str = "default", version: str = "4") -> JobEnvironment:
    return JobEnvironment(key, Environment(environment_version=version, dependencies=list(dependencies)))


def script(path: str, *arguments: str) -> Task:
    task = SparkPythonTask(path, parameters=list(arguments))
    return Task("t", spark_python_task=task, environment_key="default")


def call(**settings: object) -> Task:
    wheel_task = PythonWheelTask("kitchentool", "main", **settings)
    return Task("t", python_wheel_task=wheel_task, environment_key="default")


def outputs(space, *tasks: Task, **settings: object):
    settings.setdefault("environments", [environment()])
    job_id = space.w.jobs.create(name="python", tasks=list(tasks), **settings).job_id
    run = space.end_of(space.w.jobs.run_now(job_id).run_id)
    return run, [space.w.jobs.get_run_output(task.run_id) for task in run.tasks]


def test_a_file_runs_in_its_folder_with_its_parameters_and_the_names_of_databricks(space):
    upload(space, "src/beside.py", "GREETING = 'from beside'")
    path = upload(
        space,
        "src/main.py",
        "import sys, os, beside\n"
        "print(sys.argv, __name__, os.path.basename(os.getcwd()), beside.GREETING, os.environ['DATABRICKS_TOKEN'])\n"
        "dbutils.jobs.taskValues.set('rows', 3)\nprint('to the error stream', file=sys.stderr)\n",
    )
    run, (output,) = outputs(space, script(path, "--day", "{{job.parameters.day}}"), parameters=[day("70")])
    assert run.state.result_state.value == "SUCCESS", output.error
    file = str(space.files.resolve(path))
    shown = f"{[file, '--day', '70']} __main__ src from beside job-test-token\n"
    assert output.logs == f"{shown}to the error stream\n"
    assert output.logs_truncated is False and output.notebook_output is None


@pytest.mark.parametrize(("first", "encoding"), [("# coding: latin-1", "latin-1"), ("", "utf-8-sig")])
def test_a_file_has_the_encoding_that_it_names(space, first, encoding):
    path = upload(space, "encoded.py", f"{first}\ndbutils.jobs.taskValues.set('a', 1)\nprint('Zoë')", encoding)
    run, (output,) = outputs(space, script(path))
    assert run.state.result_state.value == "SUCCESS", output.error
    assert output.logs == "Zoë\n"


def test_of_a_long_log_the_end_is_returned(space, monkeypatch):
    monkeypatch.setattr(process_tasks, "MAX_LOGS", 200)
    path = upload(space, "long/main.py", "for number in range(100):\n    print(number)\nprint('the end')")
    _, (output,) = outputs(space, script(path))
    assert output.logs_truncated is True
    assert len(output.logs) <= 200 and output.logs.endswith("98\n99\nthe end\n")


def day(default: str) -> JobParameterDefinition:
    return JobParameterDefinition("day", default)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("print('before')\n{}['order A1B2C3']", "KeyError: 'order A1B2C3'"),
        ("import sys\nprint('before')\nsys.exit(3)", "SystemExit: 3"),
        ("import os\nprint('before', flush=True)\nos._exit(9)", "The task's process ended with code 9: before"),
    ],
)
def test_a_file_that_fails_says_why(space, code, error):
    run, (output,) = outputs(space, script(upload(space, "fails.py", code)))
    assert run.state.result_state.value == "FAILED"
    assert output.error == error
    assert output.logs.startswith("before\n")


def test_the_trace_of_an_error_begins_in_the_file(space):
    _, (output,) = outputs(space, script(upload(space, "traced.py", "def f():\n    1 / 0\nf()")))
    first = output.error_trace.splitlines()[1]
    assert "traced.py" in first and first.endswith("line 3, in <module>")
    assert output.error_trace in output.logs


def test_a_file_may_exit_with_success(space):
    run, _ = outputs(space, script(upload(space, "exits.py", "import sys\nsys.exit(0)")))
    assert run.state.result_state.value == "SUCCESS"


def test_modules_import_the_names_of_databricks(space):
    reader = "from databricks.sdk.runtime import dbutils\nprint(dbutils.jobs.taskValues.get('t', 'answer'))"
    writer = "from databricks.sdk.runtime import dbutils\ndbutils.jobs.taskValues.set(key='answer', value=42)"
    second = script(upload(space, "reads.py", reader))
    second.task_key, second.depends_on = "second", [TaskDependency("t")]
    _, found = outputs(space, script(upload(space, "writes.py", writer)), second)
    assert found[1].logs == "42\n"


def test_a_volumes_file_runs_too(space):
    folder = space.home.volumes / "jobs" / "code"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text("print('from a volume')")
    _, found = outputs(space, script("dbfs:/Volumes/c/jobs/code/main.py"))
    assert found[0].logs == "from a volume\n"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/Workspace/missing.py", "The workspace has nothing at '/Workspace/missing.py'"),
        ("dbfs:/FileStore/main.py", "is not a path in the workspace or a volume"),
        (FOLDER, "is not a file"),
    ],
)
def test_a_missing_file_is_the_tasks_error(space, path, message):
    upload(space, "any.py", "")
    assert message in outputs(space, script(path))[1][0].error


def test_an_entry_point_gets_its_parameters(space, artifacts):
    environments = [environment(artifacts[1])]
    _, found = outputs(space, call(parameters=["--catalog", "main"]), environments=environments)
    assert found[0].logs == "spoons 1 ['--catalog', 'main']\n"


def test_named_parameters_get_those_of_the_job_too(space, artifacts):
    environments = [environment(artifacts[1])]
    named = call(named_parameters={"city": "Chicago", "day": "1"})
    _, found = outputs(space, named, environments=environments, parameters=[day("70")])
    assert found[0].logs == "spoons 1 ['--city=Chicago', '--day=70']\n"


def test_each_task_has_the_version_of_its_own_environment(space, artifacts):
    first, second = call(), call()
    second.task_key, second.environment_key = "second", "newer"
    environments = [environment(artifacts[1]), environment(artifacts[2], key="newer")]
    _, found = outputs(space, first, second, environments=environments)
    assert [output.logs for output in found] == ["spoons 1 []\n", "spoons 2 []\n"]


def test_a_cluster_has_libraries(space, artifacts):
    task = call()
    task.environment_key, task.new_cluster = None, ClusterSpec(spark_version="17.3.x-scala2.13", num_workers=1)
    task.libraries = [Library(whl=artifacts[2]), Library(pypi=PythonPyPiLibrary("pyyaml"))]
    assert outputs(space, task)[1][0].logs == "spoons 2 []\n"


def test_a_notebook_runs_in_its_environment(space, artifacts):
    path = space.upload("/Users/me/uses/nb.ipynb", "import kitchentool", "kitchentool.SPOONS")
    wheel = Path(artifacts[2]).name
    requirements = upload(space, "requirements.txt", f"../artifacts/.internal/{wheel}\n# tools\n", "utf-8-sig")
    task = Task("t", notebook_task=NotebookTask(path), environment_key="default")
    _, found = outputs(space, task, environments=[environment(f"-r {requirements}")])
    assert found[0].notebook_output.result == "2"


def carrying(space, *lines: str, code: str = "import kitchentool\nkitchentool.SPOONS") -> str:
    """The path of a notebook in source format with an environment of its own, beside the wheels' folder."""
    block = "".join(f"# {line}\n" for line in ("/// script", "[tool.databricks.environment]", *lines, "///"))
    return upload(space, "own.py", f"# Databricks notebook source\n{block}{code}\n").removesuffix(".py")


def test_a_notebooks_own_environment_is_used_unless_its_task_has_another(space, artifacts):
    first = f"../artifacts/.internal/{Path(artifacts[1]).name}"
    path = carrying(space, 'environment_version = "4"', f'dependencies = ["{first}"]')
    own = Task("own", notebook_task=NotebookTask(path))
    other = Task("other", notebook_task=NotebookTask(path), environment_key="default")
    _, found = outputs(space, own, other, environments=[environment(artifacts[2])])
    assert [output.notebook_output.result for output in found] == ["1", "2"]


def test_a_notebooks_environment_means_nothing_on_a_cluster(space, artifacts):
    path = carrying(space, f'dependencies = ["{artifacts[1]}"]')
    task = Task("t", notebook_task=NotebookTask(path), new_cluster=ClusterSpec(spark_version="17.3.x-scala2.13"))
    task.libraries = [Library(whl=artifacts[2])]
    assert outputs(space, task)[1][0].notebook_output.result == "2"


def test_a_notebooks_base_environment_is_the_tasks_error(space):
    path = carrying(space, 'base_environment = "workspace-base-environments/databricks_ai_v4"')
    _, found = outputs(space, Task("t", notebook_task=NotebookTask(path)))
    assert "base environment 'workspace-base-environments/databricks_ai_v4'" in found[0].error


# What a program prints of these imports: openai and papermill are installed here, but no part of the environment.
IMPORTS = """
import importlib
found = []
for name in ("pandas", "mlflow", "databricks.connect", "local_workspace", "openai", "papermill"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        found.append(str(error))
"""
MISSING = ["No module named 'openai'", "No module named 'papermill'"]


@pytest.mark.parametrize(
    ("asked", "missing"),
    [(environment(), MISSING), (environment("openai"), MISSING[1:]), (environment(version="5"), MISSING[1:])],
    ids=["version 4", "a dependency", "version 5"],
)
def test_a_task_has_what_its_environment_brings_and_no_other_package(space, asked, missing):
    file = script(upload(space, "imports.py", f"{IMPORTS}print(found)"))
    notebook = Task("nb", environment_key="default")
    notebook.notebook_task = NotebookTask(space.upload("/Users/me/imports.ipynb", IMPORTS, "found"))
    _, found = outputs(space, file, notebook, environments=[asked])
    assert found[0].logs == f"{missing}\n", found[0].error
    assert found[1].notebook_output.result == str(missing)


def test_the_versions_of_other_packages_are_not_to_be_had_either(space):
    code = "from importlib import metadata\nprint(metadata.version('pandas') > '2')\nmetadata.version('papermill')"
    _, found = outputs(space, script(upload(space, "versions.py", code)))
    assert (found[0].error, found[0].logs.splitlines()[0]) == (
        "PackageNotFoundError: No package metadata was found for papermill",
        "True",
    )


def test_a_notebooks_own_environment_has_the_packages_of_its_version(space):
    path = carrying(space, 'environment_version = "4"', code="import papermill")
    _, found = outputs(space, Task("t", notebook_task=NotebookTask(path)))
    assert found[0].error == "ModuleNotFoundError: No module named 'papermill'"


def test_a_notebook_that_a_notebook_runs_has_the_same_packages(space):
    space.upload("/Users/me/nested/inner.ipynb", IMPORTS, "dbutils.notebook.exit(str(found))")
    task = Task("t", environment_key="default")
    task.notebook_task = NotebookTask(space.upload("/Users/me/nested/outer.ipynb", "dbutils.notebook.run('inner', 0)"))
    _, found = outputs(space, task)
    assert found[0].notebook_output.result == repr(str(MISSING)), found[0].error


def test_the_kernel_of_a_task_is_a_fork_that_has_imported_what_notebooks_do(space):
    path = space.upload("/Users/me/forked.ipynb", "import sys", "'mlflow' in sys.modules")
    plain, isolated = (Task(key, notebook_task=NotebookTask(path)) for key in ("plain", "isolated"))
    isolated.environment_key = "default"
    _, found = outputs(space, plain, isolated)
    assert [output.notebook_output.result for output in found] == ["True", "True"]


def test_an_environment_that_cant_be_installed_is_the_tasks_error(space):
    path = upload(space, "never.py", "print('never')")
    _, found = outputs(space, script(path), environments=[environment("--no-index", "no-such-package-of-kitchens")])
    assert found[0].error.startswith("Could not install --no-index, no-such-package-of-kitchens:\n")
    assert "never" not in (found[0].logs or "")


def test_a_package_that_is_not_installed_is_named(space):
    task = Task("t", python_wheel_task=PythonWheelTask("absent_package", "main"), environment_key="default")
    assert "Python wheel with name absent_package could not be found" in outputs(space, task)[1][0].error


@pytest.mark.parametrize(
    ("task", "environments", "message"),
    [
        (Task("t", spark_python_task=SparkPythonTask("/a.py")), [], "tasks.t.environment_key is needed"),
        (script("/a.py"), [], "'t': the job has no environment 'default'; it has none"),
        (script("/a.py"), [environment(), environment()], "the same environment_key"),
        (script("/a.py"), [JobEnvironment("default", Environment())], "environment_version is needed"),
        (script("/a.py"), [JobEnvironment("default", Environment(client="one"))], "one of 1, 2, 3, 4, 5, 6, not 'one'"),
        (script("/a.py"), [environment(version="99")], "environments.default.spec.environment_version must be"),
        (
            script("/a.py"),
            [JobEnvironment("default", Environment(environment_version="4", java_dependencies=["/a.jar"]))],
            "environments.default.spec.java_dependencies is not supported",
        ),
        (call(parameters=["a"], named_parameters={"b": "c"}), [environment()], "leave one out"),
        (
            Task("t", spark_python_task=SparkPythonTask("a.py", source=Source.GIT), environment_key="default"),
            [environment()],
            "spark_python_task.source: import the repository's",
        ),
        (
            Task("t", notebook_task=NotebookTask("/n"), libraries=[Library(jar="/a.jar")]),
            [],
            "tasks.t.libraries.jar is not supported",
        ),
        (
            Task("t", notebook_task=NotebookTask("/n"), libraries=[Library(whl="/a.whl")], environment_key="default"),
            [environment()],
            "tasks.t.libraries need a cluster",
        ),
    ],
)
def test_what_cant_run_is_refused(space, task, environments, message):
    with pytest.raises(BadRequest, match=message):
        space.w.jobs.create(name="refused", tasks=[task], environments=environments)
