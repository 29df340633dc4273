"""The cookies of the workspace and of the gateways in front of its apps.

All ports of a host share their cookies: names tell workspaces and apps apart, and no process behind the workspace or a
gateway may see or set one of them.
"""

_OURS = "local_workspace_"


def of_workspace(workspace_id: int) -> str:
    """The name of the cookie that holds a session of a workspace."""
    return f"{_OURS}{workspace_id}"


def of_app(workspace_id: int, app: str) -> str:
    """The name of the cookie that holds a session of an app of a workspace."""
    return f"{_OURS}{workspace_id}_{app}"


def without_ours(header: str) -> str:
    """A Cookie header without the cookies of any workspace; empty if there are no others."""
    return "; ".join(part.strip() for part in header.split(";") if part.strip() and not is_ours(part))


def is_ours(cookie: str) -> bool:
    """Whether `cookie`, `name=value` with or without attributes, has a name that is kept for workspaces."""
    return cookie.strip().startswith(_OURS)
