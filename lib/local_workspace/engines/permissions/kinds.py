"""The kinds of things that permissions are kept of, and the levels of each.

Sources: the SDK's `JobPermissionLevel`, `PipelinePermissionLevel`, `WorkspaceObjectPermissionLevel`,
`ExperimentPermissionLevel`, `ServingEndpointPermissionLevel` and `WarehousePermissionLevel`; the types, the rule on
owners and the words of a job's refusals are those of the CLI's acceptance server.
"""

from dataclasses import dataclass

OWNER, MANAGE = "IS_OWNER", "CAN_MANAGE"
IN_FOLDERS = ("directories", "notebooks", "files")
"""The kinds of what lies in folders, and has what is granted on these."""


@dataclass(frozen=True)
class Kind:
    """A kind of things: its name in answers, what a sentence calls it, its levels with what each allows.

    A level allows what those before it do.
    """

    object_type: str
    noun: str
    levels: dict[str, str]

    @property
    def owned(self) -> bool:
        """Whether each has exactly one owner."""
        return self.object_type in ("job", "pipelines")

    @property
    def lowest(self) -> str:
        """The level with which one may see a thing."""
        return next(iter(self.levels))

    def enough(self, level: str) -> list[str]:
        """`level` and those above it."""
        order = list(self.levels)
        return order[order.index(level) :]

    def refusal(self, object_id: str, principal: str, level: str) -> str:
        """What one is told who does not have `level` on a thing."""
        if self.object_type == "job":
            words = [word for held, word in _JOB_WORDS.items() if held in self.enough(level)]
            return f"User {principal} does not have {' or '.join(words)} permissions on job {object_id}"
        return f"{principal} does not have {level} on the {self.noun} {object_id}. Who manages it can grant it."


_JOB_WORDS = {"CAN_VIEW": "View", MANAGE: "Admin", "CAN_MANAGE_RUN": "Manage Run", OWNER: "Owner"}
_OBJECT = {
    "CAN_READ": "Can view and export",
    "CAN_RUN": "Can run",
    "CAN_EDIT": "Can edit",
    MANAGE: "Can change permissions, rename and delete, in a folder also create and import",
}
KINDS = {
    "jobs": Kind(
        "job",
        "job",
        {
            "CAN_VIEW": "Can view the job and its runs",
            "CAN_MANAGE_RUN": "Can start and cancel runs",
            OWNER: "Owns the job",
            MANAGE: "Can edit and delete the job, and change its permissions",
        },
    ),
    "pipelines": Kind(
        "pipelines",
        "pipeline",
        {
            "CAN_VIEW": "Can view the pipeline",
            "CAN_RUN": "Can start and stop updates",
            OWNER: "Owns the pipeline",
            MANAGE: "Can edit and delete the pipeline, and change its permissions",
        },
    ),
    "directories": Kind("directory", "folder", _OBJECT),
    "notebooks": Kind("notebook", "notebook", _OBJECT),
    "files": Kind("file", "file", _OBJECT),
    "experiments": Kind(
        "mlflowExperiment",
        "experiment",
        {"CAN_READ": "Can view", "CAN_EDIT": "Can log runs", MANAGE: "Can delete, and change permissions"},
    ),
    "serving-endpoints": Kind(
        "serving-endpoint",
        "serving endpoint",
        {"CAN_VIEW": "Can view", "CAN_QUERY": "Can query", MANAGE: "Can edit, delete, and change permissions"},
    ),
    "sql/warehouses": Kind(
        "warehouses",
        "SQL warehouse",
        {
            "CAN_VIEW": "Can view",
            "CAN_USE": "Can run queries",
            "CAN_MONITOR": "Can run queries, and view those of others",
            OWNER: "Owns the warehouse",
            MANAGE: "Can edit, delete, and change permissions",
        },
    ),
}
