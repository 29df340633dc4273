"""What to start for a deployment, and the environment to start it in."""

from collections.abc import Callable

from local_workspace.engines.apps.deployments import Deployments
from local_workspace.engines.apps.documents import AppIdentity, StoredApp, StoredDeployment
from local_workspace.engines.apps.environment import of_app
from local_workspace.engines.apps.runtimes import Runtime, Runtimes
from local_workspace.engines.apps.source import Reveal, argv, read_source, variables
from local_workspace.engines.apps.target import Target
from local_workspace.runtime.home import Home
from local_workspace.runtime.process_unit import Launch
from local_workspace.runtime.python_environments import PythonEnvironments, shared_root


class Plans:
    """`find` returns an app's document, `app_env` its identity and addresses, `reveal` secrets."""

    def __init__(
        self,
        home: Home,
        deployments: Deployments,
        find: Callable[[str], StoredApp],
        app_env: Callable[[AppIdentity], dict[str, str]],
        reveal: Reveal,
    ) -> None:
        self._deployments, self._find, self._app_env, self._reveal = deployments, find, app_env, reveal
        self._runtimes = Runtimes(PythonEnvironments(shared_root(home.root)))

    def prepare(self, doc: StoredDeployment) -> str:
        """Make the environment of a deployment; returns what its users should know about it. Raises 400."""
        return self._runtime(doc).note

    def launch(self, doc: StoredDeployment, target: Target) -> Launch:
        """What to start: computed at each start, because a resource's address may have changed. Raises 400, 404."""
        app, folder = self._find(doc["app"]), self._deployments.folder(doc)
        env = of_app(app, target, self._app_env(app), self._runtime(doc).programs)
        env |= variables([*read_source(folder).env, *doc["env_vars"]], app["resources"], self._reveal)
        return Launch(argv(self._command(doc), env), target.ready, env, folder)

    def _runtime(self, doc: StoredDeployment) -> Runtime:
        return self._runtimes.prepare(self._deployments.folder(doc), self._command(doc))

    def _command(self, doc: StoredDeployment) -> list[str]:
        return doc["command"] or read_source(self._deployments.folder(doc)).command
