"""Tasks that run Python files, wheels and SQL, and the environments of tasks, checked before anything is stored."""

from local_workspace.engines.jobs import environment_versions
from local_workspace.engines.jobs.documents import EnvironmentSpec, Library, Settings, Task
from local_workspace.engines.jobs.limits import check_key
from local_workspace.engines.jobs.unsupported import JOB_REFUSED, refuse_part
from local_workspace.runtime.errors import invalid

CLUSTER = ("new_cluster", "existing_cluster_id", "job_cluster_key")  # fields that choose the machines of a task


def check_python(task: Task, place: str) -> None:
    """Check a task's Python file or wheel, and its libraries. Raises ApiError 400 that names the field."""
    file, wheel = task.get("spark_python_task"), task.get("python_wheel_task")
    refuse_part(file or {}, "spark_python_task", f"{place}spark_python_task")
    refuse_part(wheel or {}, "python_wheel_task", f"{place}python_wheel_task")
    if file and file.get("source", "WORKSPACE") != "WORKSPACE":
        raise invalid(f"{place}spark_python_task.source: {JOB_REFUSED['git_source']}.")
    if wheel and wheel.get("parameters") and wheel.get("named_parameters"):
        raise invalid(f"{place}python_wheel_task has either parameters or named_parameters; leave one out.")
    if (file or wheel) and "environment_key" not in task and not any(name in task for name in CLUSTER):
        # required of both kinds without a cluster: the SDK's docstring of Task.environment_key
        raise invalid(f"{place}environment_key is needed without a cluster; name one of the job's environments.")
    for library in task.get("libraries", []):
        _check_library(library, task, f"{place}libraries")


def check_sql(task: Task, place: str) -> None:
    """Check a task's SQL. Raises ApiError 400 that names the field."""
    if (sql := task.get("sql_task")) is None:
        return
    refuse_part(sql, "sql_task", f"{place}sql_task")
    refuse_part(sql.get("file", {}), "file", f"{place}sql_task.file")
    refuse_part(sql.get("query", {}), "query", f"{place}sql_task.query")
    if ("file" in sql) == ("query" in sql):
        raise invalid(f"{place}sql_task must have exactly one of file and query.")
    if sql.get("file", {}).get("source", "WORKSPACE") != "WORKSPACE":
        raise invalid(f"{place}sql_task.file.source: {JOB_REFUSED['git_source']}.")


def check_environments(settings: Settings) -> None:
    """Check a job's environments and that tasks name those only. Raises ApiError 400."""
    keys = [environment["environment_key"] for environment in settings.get("environments", [])]
    if len(set(keys)) < len(keys):
        raise invalid("Two environments have the same environment_key.")
    for environment in settings.get("environments", []):
        place = f"environments.{environment['environment_key']}"
        refuse_part(environment, "environments", place)
        if "spec" in environment:
            _check_spec(environment["spec"], f"{place}.spec")
    for task in settings.get("tasks", []):
        check_key(task, "environment_key", keys, "the job has no environment")


def _check_spec(spec: EnvironmentSpec, place: str) -> None:
    refuse_part(spec, "spec", place)
    version = version_of(spec)
    if version is None:  # "Either environment_version or base_environment must be provided": the SDK's Environment
        raise invalid(f"{place}.environment_version is needed, such as '4'.")
    environment_versions.packages(version, f"{place}.")


def version_of(spec: EnvironmentSpec) -> str | None:
    """The version of an environment, of which `client` is the older name."""
    return spec.get("environment_version", spec.get("client"))


def _check_library(library: Library, task: Task, place: str) -> None:
    refuse_part(library, "libraries", place)
    if len(library) != 1:
        raise invalid(f"{place}: each library has exactly one of whl, pypi and requirements.")
    if "environment_key" in task:
        # https://docs.databricks.com/aws/en/compute/serverless/dependencies
        raise invalid(f"{place} need a cluster; put the packages into `dependencies` of the task's environment.")
