"""`python -m local_workspace COMMAND --home DIR`: the workspace from a shell; `--help` lists the commands."""

import sys

from local_workspace.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
