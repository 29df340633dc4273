"""Experiments and their runs: MLflow's own pages, at the paths that Databricks has for them."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

router = APIRouter(include_in_schema=False)


@router.get("/ml/experiments")
@router.get("/ml/experiments/{rest:path}")
def experiments(rest: str = "") -> RedirectResponse:
    """To MLflow's page of the same thing, such as `/ml/experiments/1/runs/abc`; what follows the # is its path."""
    return RedirectResponse(f"/mlflow/#/experiments{'/' if rest else ''}{quote(rest)}")
