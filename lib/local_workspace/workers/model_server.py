"""The process of one endpoint: loads the files of a registered model with MLflow and answers requests on a unix socket.

python -m local_workspace.workers.model_server --name NAME --model models:/MODEL/VERSION --folder FOLDER --uds SOCKET
"""

import argparse
import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from local_workspace.runtime import declared_packages

# MLflow imports these if installed, for inputs that HTTP requests can't have; they take a quarter of its start.
_NOT_FOR_MLFLOW = ("polars", "pyspark", "scipy")

_OWN = ("fastapi", "mlflow", "uvicorn", "uvloop", "httptools")  # what this process itself imports

_log = logging.getLogger(__name__)


def main() -> None:
    """Load the model, then serve it until SIGTERM. The environment names the MLflow server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="the endpoint's name")
    parser.add_argument("--model", required=True, help="models:/MODEL/VERSION")
    parser.add_argument("--folder", required=True, type=Path, help="the folder with the model's files")
    parser.add_argument("--uds", required=True, help="the socket to listen on")
    args = parser.parse_args()
    _hide_undeclared(args.folder / "requirements.txt")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with _hidden(*_NOT_FOR_MLFLOW):
        import uvicorn

        from local_workspace.workers.model_app import open_model
    app = open_model(args.folder, args.name)
    _log.info("loaded %s for endpoint %s", args.model, args.name)
    uvicorn.run(app, uds=args.uds, log_config=None, access_log=False, timeout_keep_alive=75)


def _hide_undeclared(requirements: Path) -> None:
    """Let the model import what its requirements bring, as in an environment made of them; without any, everything."""
    if requirements.exists():
        declared_packages.hide_others(requirements.read_text(encoding="utf-8").splitlines(), _OWN)


@contextlib.contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Make imports of these packages fail within the block, as if not installed; a model may import them later."""
    absent = [package for package in packages if package not in sys.modules]
    for package in absent:
        sys.modules[package] = None  # type: ignore[assignment]  # documented: its import raises ModuleNotFoundError
    try:
        yield
    finally:
        for package in absent:
            del sys.modules[package]


if __name__ == "__main__":
    main()
