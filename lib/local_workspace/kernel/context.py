"""The task that a kernel runs, passed to it in a file."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from local_workspace.runtime.home import write_atomically

VARIABLE = "LOCAL_WORKSPACE_KERNEL_CONTEXT"
EXIT_TYPE = "application/vnd.local-workspace.exit+json"  # of the output that holds a notebook's result


@dataclass(frozen=True)
class Context:
    """A notebook's task.

    `notebook` is its file, `workspace` the folder of all workspace files, `task_values` the folder in which the tasks
    of a run store values for each other; `python` is the workspace's, which runs notebooks, where that of the task may
    see fewer packages. On a SQL warehouse, `on_warehouse` is set. Outside of a job all are empty.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    notebook: str = ""
    workspace: str = ""
    task_key: str = ""
    task_values: str = ""
    python: str = ""
    on_warehouse: bool = False

    @classmethod
    def of_this_process(cls) -> Self:
        """The context in the file that the environment variable names; an empty one if it is not set."""
        path = os.environ.get(VARIABLE)
        return cls(**json.loads(Path(path).read_text())) if path else cls()

    def write(self, path: Path, **changes: Any) -> None:
        """Write the context to `path`, with `changes` to its fields."""
        write_atomically(path, json.dumps(asdict(self) | changes))

    def find(self, path: str) -> Path:
        """The notebook at a workspace path, or at one relative to this notebook. Raises FileNotFoundError."""
        if path.startswith("/"):
            place = Path(self.workspace, path.removeprefix("/Workspace").lstrip("/"))
        else:
            place = Path(self.notebook).parent / path
        for candidate in (place.with_name(place.name + ".ipynb"), place):
            if candidate.is_file():
                return candidate
        raise FileNotFoundError(f"There is no notebook at {path!r}.")
