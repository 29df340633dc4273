"""Processes that are forks of a prepared Python, each with a module that prints what it finds."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from local_workspace.runtime import package_views, prepared_python
from local_workspace.runtime.packages import site_packages
from local_workspace.runtime.prepared_python import ForkedProcess, PreparedPython
from waiting import eventually

FOUND = """
import atexit, json, os, sys
atexit.register(print, "ended as Python does")
found = {
    "argv": sys.argv[1:], "name": __name__, "folder": os.getcwd(), "given": os.environ.get("GIVEN"),
    "inherited": os.environ.get("INHERITED"), "imported": "numpy" in sys.modules, "input": sys.stdin.read(),
    "leads": os.getsid(0) == os.getpid(),
}
if found["imported"]:
    found["number"] = sys.modules["numpy"].random.random()
print(json.dumps(found))
print("an error", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
# As Jupyter's kernels do when they start.
LOGS = """
import logging.config
logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
logging.getLogger("pyspark.sql.connect.logging").error("noise")
print("done")
"""
WAITS = "import signal\nprint('waits', flush=True)\nsignal.pause()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "found.py").write_text(FOUND)
    (tmp_path / "waits.py").write_text(WAITS)
    return tmp_path


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> Iterator[PreparedPython]:
    monkeypatch.setenv("INHERITED", "yes")
    made = PreparedPython(["found", "waits"], ["numpy"])
    yield made
    made.close()


def run(
    python: PreparedPython,
    folder: Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    stdin: int | None = None,
) -> ForkedProcess:
    given = {**os.environ, "GIVEN": "ä"} if env is None else env
    with (folder / "out.txt").open("wb") as output:
        process = python.fork(
            [sys.executable, "-m", *arguments], given, folder, output.fileno(), output.fileno(), stdin
        )
    assert process
    return process


def printed(folder: Path) -> list[str]:
    return (folder / "out.txt").read_text().splitlines()


def test_a_fork_is_as_a_python_of_its_own_but_has_imported_much(python: PreparedPython, folder: Path) -> None:
    process = run(python, folder, "found", "3", "a b")
    assert process.wait(60) == process.poll() == process.returncode == 3
    first, *rest = printed(folder)
    found = json.loads(first)
    assert 0 <= found.pop("number") < 1
    assert found == {
        **{"argv": ["3", "a b"], "name": "__main__", "folder": str(folder), "given": "ä", "inherited": "yes"},
        **{"imported": True, "input": "", "leads": True},
    }
    assert rest == ["an error", "ended as Python does"]


def test_a_fork_reads_the_input_that_it_is_given(python: PreparedPython, folder: Path) -> None:
    stdin, sent = os.pipe()
    with os.fdopen(sent, "w") as text, os.fdopen(stdin) as given:
        text.write("hello")
        process = run(python, folder, "found", "0", stdin=given.fileno())
    assert process.wait(60) == 0
    assert json.loads(printed(folder)[0])["input"] == "hello"


def test_the_first_fork_need_not_wait_for_one_that_is_prepared(python: PreparedPython, folder: Path) -> None:
    assert python.pid is None
    python.prepare()
    prepared = python.pid
    assert prepared
    assert run(python, folder, "found", "0").wait(60) == 0
    assert python.pid == prepared


def test_forks_draw_numbers_of_their_own(python: PreparedPython, folder: Path) -> None:
    drawn = set()
    for _ in range(3):
        run(python, folder, "found", "0").wait(60)
        drawn.add(json.loads(printed(folder)[0])["number"])
    assert len(drawn) == 3


def test_a_variable_that_is_not_given_is_not_there(python: PreparedPython, folder: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "INHERITED"}
    assert run(python, folder, "found", "0", env=env).wait(60) == 0
    assert json.loads(printed(folder)[0])["inherited"] is None


def test_there_is_no_fork_for_other_variables_that_python_reads_at_its_start(
    python: PreparedPython, folder: Path
) -> None:
    assert python.fork([sys.executable, "-m", "found", "0"], {**os.environ, "PYTHONHASHSEED": "7"}, folder) is None
    assert python.pid is None


def test_its_command_line_names_what_it_runs(python: PreparedPython, folder: Path) -> None:
    process = run(python, folder, "waits")
    eventually(lambda: printed(folder) == ["waits"])
    assert psutil.Process(process.pid).cmdline()[0] == f"{sys.executable} -m waits"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM
    process.send_signal(signal.SIGTERM)  # it has ended


def test_ctrl_c_interrupts_it(python: PreparedPython, folder: Path) -> None:
    process = run(python, folder, "waits")
    eventually(lambda: printed(folder) == ["waits"])
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT
    assert printed(folder)[-1] == "KeyboardInterrupt"


def test_the_end_of_the_prepared_python_ends_its_forks_and_the_next_ones_start_nevertheless(
    python: PreparedPython, folder: Path
) -> None:
    process = run(python, folder, "waits")
    eventually(lambda: printed(folder) == ["waits"])
    assert python.pid
    os.kill(python.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(process.pid))
    forks = [python.fork([sys.executable, "-m", "found", "0"], os.environ, folder) for _ in range(2)]
    assert forks[-1]  # the first one may be what finds the server gone
    assert [fork.wait(60) for fork in forks if fork][-1] == 0


def test_there_is_no_fork_where_forks_are_not_safe(
    python: PreparedPython, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_python, "SUPPORTED", False)
    assert python.fork([sys.executable, "-m", "found", "0"], os.environ, folder) is None
    assert python.pid is None


def test_a_module_that_cannot_be_imported_in_advance_is_named_and_left_out(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    python = PreparedPython(["found"], ["no_such_module", "numpy"])
    assert run(python, folder, "found", "0").wait(60) == 0
    python.close()
    assert json.loads(printed(folder)[0])["imported"] is True
    assert "no_such_module can't be imported in advance" in capfd.readouterr().err


def test_a_process_forks_itself(folder: Path) -> None:
    code = f"""
import os, sys, numpy
from local_workspace.runtime.prepared_python import PreparedPython
python = PreparedPython(["found"])
python.fork_here()
print(python.fork([sys.executable, "-m", "found", "4"], os.environ, {str(folder)!r}).wait(60), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    first, *rest = done.stdout.splitlines()
    assert json.loads(first)["imported"] is True
    assert rest == ["ended as Python does", "4"]


LAYERED = """
import json, sys
import found_there
print(json.dumps([found_there.PLACE, "numpy" in sys.modules, sys.executable, sys.prefix]))
import tenacity  # of the environment below
"""


def layer(folder: Path, **modules: str) -> Path:
    """The Python of an environment over this one with these modules, as tasks have it."""
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    packages = site_packages(folder / "venv")
    for name, text in modules.items():
        (packages / f"{name}.py").write_text(text)
    (packages / "~workspace.pth").write_text(
        f"import site; site.addsitedir({str(site_packages(Path(sys.prefix)))!r})\n"
    )
    return python


@pytest.mark.parametrize("own", [{}, {"numpy": ""}])
def test_a_fork_enters_an_environment_over_this_one_unless_that_has_what_is_imported_already(
    folder: Path, own: dict[str, str]
) -> None:
    (folder / "layered.py").write_text(LAYERED)
    (folder / "found_there.py").write_text("PLACE = 'the folder'")
    environment = layer(folder, colorsys="", tenacity="print('own')", **own)
    python = PreparedPython(["layered"], ["numpy"])
    argv = [str(environment), "-m", "layered"]
    with (folder / "out.txt").open("wb") as output:
        process = python.fork(argv, os.environ, folder, output.fileno(), output.fileno())
    assert process
    assert process.wait(60) == 0
    python.close()
    first, second = printed(folder)
    assert json.loads(first) == ["the folder", not own, str(environment), str(folder / "venv")]
    assert second == "own"


LOST = """
import importlib.util, sys
found = [name for name in ("numpy", "pydantic", "tenacity") if importlib.util.find_spec(name)]
print(found, "pydantic_core" in sys.modules)
"""


def test_a_fork_in_an_environment_with_some_packages_forgets_the_others_that_it_has_imported(folder: Path) -> None:
    (folder / "lost.py").write_text(LOST)
    environment = layer(folder)
    package_views.link(folder / "workspace", [metadata.distribution(name) for name in ("numpy", "tenacity")])
    packages = site_packages(folder / "venv")
    (packages / "~workspace.pth").write_text(f"import site; site.addsitedir({str(folder / 'workspace')!r})\n")
    python = PreparedPython(["lost"], ["numpy", "pydantic"])
    with (folder / "out.txt").open("wb") as output:
        process = python.fork([str(environment), "-m", "lost"], os.environ, folder, output.fileno(), output.fileno())
    assert process
    assert process.wait(60) == 0
    python.close()
    assert printed(folder) == ["['numpy', 'tenacity'] False"]


@pytest.mark.parametrize(
    "argv",
    [[sys.executable, "-m", "other"], [sys.executable, "found.py"], ["/elsewhere/bin/python", "-m", "found"]],
)
def test_there_is_no_fork_for_other_programs(python: PreparedPython, folder: Path, argv: list[str]) -> None:
    assert python.fork(argv, os.environ, folder) is None
    assert python.pid is None


LIBRARIES = """
import sys
import grpc, numpy, pandas, polars, pyarrow.compute
square = numpy.ones((400, 400)) @ numpy.ones((400, 400))
frame = polars.DataFrame({"a": range(100_000), "b": [n % 7 for n in range(100_000)]})
sums = frame.group_by("b").agg(polars.col("a").sum()).sort("b")["a"].to_list()
with grpc.insecure_channel("localhost:1") as channel:
    try:
        channel.unary_unary("/none/none")(b"", timeout=20)
    except grpc.RpcError as error:
        code = error.code().name
print(square[0, 0], sums[0], pyarrow.compute.sum(pyarrow.array(range(10))), pandas.Series([1, 2]).sum(), code)
"""


def test_libraries_with_threads_of_their_own_work_in_a_fork(folder: Path) -> None:
    (folder / "libraries.py").write_text(LIBRARIES)
    python = PreparedPython(["libraries"], prepared_python.OF_NOTEBOOKS)
    processes = [run(python, folder, "libraries") for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    python.close()
    assert printed(folder)[-1] == f"400.0 {sum(range(0, 100_000, 7))} 45 3 UNAVAILABLE"


def test_a_logger_that_is_disabled_when_it_is_imported_stays_silent(folder: Path) -> None:
    (folder / "logs.py").write_text(LOGS)
    python = PreparedPython(["logs"], ["pyspark.sql.connect.logging"])
    assert run(python, folder, "logs").wait(60) == 0
    python.close()
    assert printed(folder) == ["done"]
