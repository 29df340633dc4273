"""Who may see the pages of a project, and who may ask its databases.

Passwords and queries of these pages are the workspace's own user's, so they are for administrators; everybody else
connects with a password of their own.
"""

from fastapi import Depends, Request

from local_workspace.http.access import require_admin
from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Postgres
from local_workspace.runtime.permissions import CAN_USE


def _may_use(request: Request, engine: Postgres, project: Name) -> None:
    """Raise ApiError 403 unless the caller may use the project."""
    engine.permissions.check(request.state.principal, project, CAN_USE)


USES = Depends(_may_use)
"""For a page of a project: 403 unless the caller has CAN_USE on it."""
ADMIN = Depends(require_admin)
"""For what runs as the workspace's own user: 403 unless an administrator calls."""
