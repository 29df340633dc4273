"""A statement as a client sends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from local_workspace.engines.sql.parameters import Parameter
from local_workspace.engines.sql.result import Limits, Output


@dataclass(frozen=True)
class Statement:
    """SQL `text` to run in `catalog` (the workspace's if None) and `schema` (Spark's default).

    Its result is cut at `limits` and returned as `output` says. `warehouse` is the id of the one that runs it.
    """

    text: str
    parameters: Sequence[Parameter] = ()
    schema: str | None = None
    limits: Limits = Limits()  # noqa: RUF009  # it can't be changed
    catalog: str | None = None
    output: Output = Output()  # noqa: RUF009  # it can't be changed
    warehouse: str = ""
