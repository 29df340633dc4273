"""Compute: the workspace's engines and how they are."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Spark
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/compute")
def engines(request: Request, spark: Spark) -> HTMLResponse:
    """Every engine with its state."""
    return render(request, "compute/list.html", engines=[("Apache Spark", spark.state())])
