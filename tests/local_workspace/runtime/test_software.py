import os
import shutil
import subprocess
import sys

import pytest

from local_workspace.runtime import software

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# The test's Python may lie in a folder that is root's alone.
MAY_READ = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def test_what_is_there_is_not_fetched_again():
    software.ensure(print)
    steps: list[str] = []
    assert software.ensure(steps.append).complete()
    assert steps == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user")
def test_another_user_than_the_environments_owner_finds_the_software():
    """As in a container whose image was built by root."""
    software.ensure(print)
    code = "from local_workspace.runtime import software; print(software.ensure(print).complete())"
    done = subprocess.run(
        [*AS_NOBODY, *MAY_READ, sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "True", done.stderr
