"""The libraries of a task as lines of its environment's requirements."""

from local_workspace.engines.jobs.documents import Library


def of_library(library: Library) -> list[str]:
    """The lines that install a cluster's library."""
    if "pypi" in library:
        index = library["pypi"].get("repo")
        return [*([f"--extra-index-url {index}"] if index else []), library["pypi"]["package"]]
    return [f"-r {library['requirements']}" if "requirements" in library else library["whl"]]
