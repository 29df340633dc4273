"""A statement as a client sends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from local_workspace.engines.sql.parameters import Parameter
from local_workspace.engines.sql.result import Limits


@dataclass(frozen=True)
class Statement:
    """SQL `text` to run in `catalog` (the workspace's if None) and `schema` (Spark's default), cut at `limits`."""

    text: str
    parameters: Sequence[Parameter] = ()
    schema: str | None = None
    limits: Limits = Limits()  # noqa: RUF009  # it can't be changed
    catalog: str | None = None
