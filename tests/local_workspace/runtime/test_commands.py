"""Commands that end by themselves."""

import sys

from local_workspace.runtime import commands


def test_what_a_command_prints_need_not_be_text():
    done = commands.run([sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'caf\\xe9')"])
    assert (done.returncode, commands.tail(done)) == (0, "caf\ufffd")
