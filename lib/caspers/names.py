"""Names: in the lakehouse with three levels, as Databricks' documentation writes them; in the workspace, shared by all.

Jobs, endpoints, experiments, apps and warehouses have no catalog: all users of a workspace see them. So that two people
can run the workbook there, each in a catalog of their own, these names carry the catalog, unless it is the default.
"""

import re
import zlib

DEFAULT_CATALOG = "caspersdev"
APP_LENGTH = 30
"""The longest name that Databricks allows for an app."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def quoted(part: str) -> str:
    """One part of a name as SQL takes it: in backticks unless it is a plain identifier."""
    return part if _PLAIN.fullmatch(part) else f"`{part.replace('`', '``')}`"


def in_catalog(catalog: str, name: str) -> str:
    """The schema, or the table, view or function schema.name, of a catalog, as SQL refers to it."""
    return ".".join(quoted(part) for part in (catalog, *name.split(".")))


def shared(name: str, catalog: str) -> str:
    """The name of a job, pipeline or warehouse of the workbook in a catalog, such as "Agent Scoring (my_kitchens)"."""
    return name if catalog == DEFAULT_CATALOG else f"{name} ({catalog})"


def shared_id(name: str, catalog: str) -> str:
    """As `shared` for an endpoint or experiment, whose name has no spaces: "caspers_refund_agent_my_kitchens"."""
    return name if catalog == DEFAULT_CATALOG else f"{name}_{catalog}"


def shared_app(name: str, catalog: str) -> str:
    """As `shared` for an app, whose name has up to APP_LENGTH lower-case letters, digits and hyphens.

    Of a long catalog's name only the beginning is kept, with a checksum of the whole.
    """
    if catalog == DEFAULT_CATALOG:
        return name
    ending = re.sub(r"[^a-z0-9]+", "-", catalog.lower()).strip("-")
    if not ending or len(name) + 1 + len(ending) > APP_LENGTH:
        kept = ending[: APP_LENGTH - len(name) - 10].rstrip("-")
        ending = "-".join(part for part in (kept, f"{zlib.crc32(catalog.encode()):08x}") if part)
    return f"{name}-{ending}"
