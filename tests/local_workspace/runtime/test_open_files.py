import subprocess
import sys

import pytest

CODE = """
import resource
from local_workspace.runtime import open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
open_files.raise_limit()
print(open_files.limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "after"), [(256, 9000, 8192), (256, 1000, 1000), (8500, 9000, 8500)])
def test_a_service_may_open_as_many_files_as_it_needs(soft, hard, after):
    code = CODE.format(soft=soft, hard=hard)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.split() == [str(min(hard, 8192)), str(after), str(hard)]
