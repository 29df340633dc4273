"""What the app reads from the platform: the state of the sync, and the address of the complaints' database."""

from datetime import UTC

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied

from refund_manager.domain.errors import Unavailable
from refund_manager.domain.models import SyncState
from refund_manager.postgres.credentials import password_of
from refund_manager.postgres.database import Database
from refund_manager.postgres.schema import COMPLAINTS
from refund_manager.services.complaint_updater import ComplaintUpdater
from refund_manager.services.complaints import Complaints
from refund_manager.services.lakehouse import Lakehouse
from refund_manager.settings import Settings

_DATABASE = "caspers_complaints"


class Platform:
    """`sync` and `complaints` as of the last `refresh`; None if unknown or if there are no complaints.

    `refunds` is the refunds' database, which knows the cities and brands of orders.
    """

    def __init__(self, workspace: WorkspaceClient, lakehouse: Lakehouse, settings: Settings, refunds: Database) -> None:
        self._workspace, self._lakehouse, self._settings, self._refunds = workspace, lakehouse, settings, refunds
        self.sync: SyncState | None = None
        self.complaints: Complaints | None = None
        self._database: Database | None = None
        self._updater: ComplaintUpdater | None = None

    def refresh(self) -> None:
        """Read both from the platform. Raises databricks.sdk.errors.DatabricksError."""
        if self.complaints is None:
            self._find_complaints()
        self.sync = self._sync()

    def close(self) -> None:
        """Stop updating the complaints, and close the connections to their database."""
        if self._updater:
            self._updater.stop()
        if self._database:
            self._database.close()

    def _sync(self) -> SyncState:
        status = self._workspace.postgres.get_synced_table(self._settings.synced_table).status
        state = status.detailed_state.value if status and status.detailed_state else "unknown"
        last = status and status.last_sync
        committed = last and last.delta_table_sync_info and last.delta_table_sync_info.delta_commit_time
        if not (last and last.sync_end_time and committed):
            return SyncState(state=state, lag_seconds=None, synced_at=None)
        ended = last.sync_end_time
        lag = (ended.ToDatetime() - committed.ToDatetime()).total_seconds()
        return SyncState(state=state, lag_seconds=round(lag, 2), synced_at=ended.ToDatetime(UTC))

    def _find_complaints(self) -> None:
        path = f"projects/{self._settings.complaint_project}/branches/production/endpoints/primary"
        postgres = self._workspace.postgres
        try:
            status = postgres.get_endpoint(path).status
        except (NotFound, PermissionDenied):  # no such database, or not for the app yet: the next refresh looks again
            return
        if not (status and status.hosts and status.hosts.host):  # the endpoint is still being created
            return
        host, _, port = status.hosts.host.partition(":")
        address = {"host": host, "port": int(port or 5432), "dbname": _DATABASE}
        database = Database(COMPLAINTS, password_of(self._workspace, path), address=address)
        database.open()
        updater = ComplaintUpdater(database, self._refunds, self._lakehouse)
        try:
            updater.copy_rows()
        except Unavailable:  # the app has no access yet: the next refresh tries again
            database.close()
            return
        updater.start()
        self._database, self._updater = database, updater
        self.complaints = Complaints(database, self._lakehouse)
