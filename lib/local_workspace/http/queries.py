"""Undeclared query parameters are refused rather than ignored."""

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from local_workspace.runtime.errors import invalid

OF_EVERY_REQUEST = "o"  # the number of the workspace, which Databricks' own pages and clients add


def _refuse_unknown(request: Request) -> None:
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = _declared(route.dependant)
    if unknown := sorted(request.query_params.keys() - known - {OF_EVERY_REQUEST}):
        raise invalid(
            f"A local workspace does not know the query parameter {', '.join(unknown)} of "
            f"'{request.method} {request.url.path}'; it knows {', '.join(sorted(known)) or 'none'}."
        )


def _declared(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_declared, dependant.dependencies))


REFUSE_UNKNOWN = Depends(_refuse_unknown)
"""For a router's `dependencies`: 400 that names a query parameter which no route or dependency declares."""
