"""The library by which `make soak` moves a JVM's clock: what is named `java` has this time, and sees files' by it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "benchmarks" / "jvm_clock.c"
DAY = 86400

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="takes a C compiler")


@pytest.fixture
def run(tmp_path):
    """Runs a program of coreutils under the name `java`; `jumps` are the lines that it reads. Returns its output."""
    library = tmp_path / "jvm_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE], check=True)

    def run(jumps: dict[int, int], program: str, *arguments: str | Path) -> str:
        lines = tmp_path / "jumps"
        lines.write_text("".join(f"{at} {ahead}\n" for at, ahead in jumps.items()))
        link = tmp_path / program / "java"
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(shutil.which(program))
        env = {"LD_PRELOAD": str(library), "JVM_CLOCK": str(lines)}
        return subprocess.run([link, *arguments], env=env, check=True, capture_output=True, text=True).stdout

    return run


def test_the_clock_is_ahead_by_the_last_jump(run):
    now = int(time.time())
    jumps = {now - 100: DAY, now - 10: 5 * DAY}
    for known, ahead in (({}, 0), (jumps, 5 * DAY)):
        assert now + ahead <= int(run(known, "date", "+%s")) < now + ahead + DAY


@pytest.mark.parametrize(("age", "ahead"), [(200, 0), (50, DAY), (5, 5 * DAY), (-1000, 0)])
def test_a_files_time_is_ahead_by_the_jump_before_it_was_written(run, tmp_path, age, ahead):
    now = int(time.time())
    file = tmp_path / "file"
    file.touch()
    os.utime(file, (now - age, now - age))
    assert run({now - 100: DAY, now - 10: 5 * DAY}, "stat", "-c", "%Y", file) == f"{now - age + ahead}\n"
