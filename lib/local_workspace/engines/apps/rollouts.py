"""Replaces running deployments with new ones, each in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from local_workspace.engines.apps.deployments import Deployments
from local_workspace.engines.apps.documents import StoredDeployment
from local_workspace.engines.apps.running import RunningApps

log = logging.getLogger(__name__)


class Rollouts:
    """The deployments in progress.

    `prepare` makes the environment of a deployment and returns what its users should know about it, or raises;
    `note(app, **changes)` records the changes to an app.
    """

    def __init__(
        self,
        deployments: Deployments,
        running: RunningApps,
        prepare: Callable[[StoredDeployment], str],
        note: Callable[..., None],
    ) -> None:
        self._deployments, self._running, self._prepare, self._note = deployments, running, prepare, note
        self._threads: list[threading.Thread] = []

    def begin(self, doc: StoredDeployment, source: Path) -> None:
        """Begin to deploy the folder `source`; returns at once."""
        thread = threading.Thread(target=self._roll_out, args=[doc, source], name=f"deploy-{doc['app']}", daemon=True)
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        thread.start()

    def join(self) -> None:
        """Wait until none is in progress."""
        for thread in self._threads:
            thread.join()

    def _roll_out(self, doc: StoredDeployment, source: Path) -> None:
        remark, problem = "", None
        try:
            self._deployments.copy(source, doc)
            self._deployments.settle(doc, "IN_PROGRESS", "Installing the app's packages")
            remark = self._prepare(doc)
            self._deployments.settle(doc, "IN_PROGRESS", "Starting the app")
            problem = self._replace(doc)
        except Exception as error:  # a thread's boundary: any error becomes the deployment's status
            log.exception("deployment of %s", doc["app"])
            problem = str(error)
        message = problem or ". ".join(filter(None, ["App started successfully", remark]))
        self._deployments.settle(doc, "FAILED" if problem else "SUCCEEDED", message)

    def _replace(self, doc: StoredDeployment) -> str | None:
        """Start the deployed code in place of the running one; returns why that failed, None if it succeeded."""
        self._running.halt(doc["app"])
        process = self._running.launch(doc)
        problem = process.first_outcome()
        if problem:
            process.stop()
            self._note(doc["app"], problem=problem)
        else:
            self._note(doc["app"], problem=None, active=doc["deployment_id"])
            self._deployments.keep_only(doc)
        return problem
