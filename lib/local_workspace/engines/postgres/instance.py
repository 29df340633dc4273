"""One Postgres server: its data directory, its process, its address and its secrets."""

import contextlib
import json
import secrets
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from local_workspace.engines.postgres import addresses, certificates, credentials
from local_workspace.engines.postgres.account import as_account, give, let_through
from local_workspace.engines.postgres.addresses import Address
from local_workspace.engines.postgres.programs import ADMIN, initdb, programs
from local_workspace.runtime.home import Home, read_json, write_atomically
from local_workspace.runtime.processes import Child, Processes, await_ready, process_with_argument

_STOP_SECONDS = 30
_RECOVERS = "the database system is in recovery mode"
_KEY = "key of credentials"  # among the secrets, which are the administrator's password otherwise


class Instance:
    """A server named `name` whose databases belong to the role `user`. Every method can be repeated.

    `rules` is the content of its `pg_hba.conf`; None leaves the one that asks for passwords kept in Postgres.
    `address` is where it listened last.
    """

    def __init__(self, home: Home, processes: Processes, name: str, user: str, address: Address | None = None) -> None:
        self.name, self.user, self._address = name, user, address
        self.rules: str | None = None
        self.data = home.postgres / name
        self._secret = home.postgres / f"{name}.secret"
        self._staging = home.postgres / f".new-{name}"
        self._processes = processes
        self._child: Child | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Run the server, made first if it is new; a server that runs already stays.

        It keeps its address if that is free, else takes another. Raises RuntimeError with the log's end.
        """
        with self._lock:
            if self._child and self._child.alive():
                return
            let_through(self.data)
            let_through(programs() / "postgres")
            self._create()
            self._end_stray()
            # A backend of a killed server may hold its shared memory for another moment.
            Retrying(
                retry=retry_if_exception_type(RuntimeError),
                stop=stop_after_attempt(3),
                wait=wait_fixed(1),
                reraise=True,
            )(self._launch)
            self._ensure_owner()

    @property
    def address(self) -> Address:
        """Where it listens; of a server that never ran, where it would."""
        with self._lock:
            self._address = self._address or addresses.free()
            return self._address

    @property
    def certificate(self) -> Path:
        """The file with its certificate, for clients that check it."""
        return self.data / certificates.CERTIFICATE

    def stop(self) -> None:
        """End the server cleanly: open transactions roll back, everything committed is on disk."""
        with self._lock:
            if self._child is None:
                return
            self._child.process.send_signal(signal.SIGINT)  # Postgres' fast shutdown
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_STOP_SECONDS)
            self._child.terminate()
            self._child = None

    def destroy(self) -> None:
        """Stop the server and remove its data and secrets."""
        with self._lock:
            self.stop()
            self._end_stray()
            _remove(self.data)
            _remove(self._staging)
            self._secret.unlink(missing_ok=True)

    def credential(self, role: str, ends: int) -> str:
        """A password of `role` for new connections until `ends`, in seconds since 1970."""
        return credentials.issue(self._kept(_KEY), role, ends)

    def is_credential(self, role: str, password: str, now: float) -> bool:
        """Whether it is a password of `role` that has not ended."""
        return credentials.is_valid(self._kept(_KEY), role, password, now)

    def roles(self) -> list[str]:
        """The roles that may log in, besides the administrator."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> %s ORDER BY oid", [ADMIN]
            ).fetchall()
        return [name for (name,) in rows]

    def ensure_role(self, name: str) -> None:
        """A role that may log in, and nothing else yet."""
        role = sql.Identifier(name)
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {}").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD NULL").format(role))

    def connect(self, database: str = ADMIN, autocommit: bool = False) -> psycopg.Connection:
        """A new administrator's connection to `database`; a server that has just died, or does not
        recover from a crash, is started again first.

        Raises psycopg.OperationalError.
        """
        try:
            return self._connect(database, autocommit)
        except psycopg.OperationalError as error:
            if _RECOVERS in str(error):
                self._end_if_stuck()
            if not self._has_died():
                raise
        self.start()
        return self._connect(database, autocommit)

    def _kept(self, name: str) -> str:
        """The secret of that name, generated at the first call."""
        with self._lock:
            doc: dict[str, str] = read_json(self._secret) or {}
            if name not in doc:
                doc[name] = secrets.token_urlsafe(24)
                write_atomically(self._secret, json.dumps(doc))
            return doc[name]

    def _connect(self, database: str = ADMIN, autocommit: bool = False) -> psycopg.Connection:
        return psycopg.connect(
            host=self.address.host,
            port=self.address.port,
            sslmode="verify-full",
            sslrootcert=str(self.certificate),
            user=ADMIN,
            password=self._kept(ADMIN),
            dbname=database,
            autocommit=autocommit,
            connect_timeout=10,
            application_name="local workspace",
        )

    def _has_died(self) -> bool:
        """Whether the server has ended. Its port closes a moment before its process is gone."""
        if self._child is None or not self.address.is_free():
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(1)
        return not self._child.alive()

    def _end_if_stuck(self) -> None:
        """End a server that says it recovers and has no process that does.

        Postgres 18 waits so for ever after its recovery has failed, as on a disk error. To end one that is about to
        begin its recovery does no harm: the next start recovers.
        """
        with self._lock, contextlib.suppress(psutil.NoSuchProcess):
            if self._child and not any(_recovers(each) for each in psutil.Process(self._child.pid).children()):
                self._child.terminate(grace=1)

    def _create(self) -> None:
        """Create the data directory under another name, then rename it, so that it is complete or absent."""
        if self.data.exists():
            return
        _remove(self._staging)
        self._staging.mkdir(mode=0o700)
        password_file = self._staging / "password"
        write_atomically(password_file, self._kept(ADMIN))
        for path in (self._staging, password_file):
            give(path)
        initdb(self._staging / "data", password_file)
        (self._staging / "data").rename(self.data)
        shutil.rmtree(self._staging)

    def _write_rules(self) -> None:
        if self.rules is not None:
            file = self.data / "pg_hba.conf"
            write_atomically(file, self.rules)
            give(file)

    def _launch(self) -> None:
        address = self._address = addresses.free(self._address)
        self._write_rules()
        certificates.issue(self.data, address.host)
        settings = {
            "listen_addresses": address.host,
            "port": address.port,
            "ssl": "on",
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "32MB",
            "max_wal_size": "128MB",  # by itself Postgres keeps up to 1 GB of each instance's write-ahead log
            "min_wal_size": "32MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        argv = [str(programs() / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        child = self._processes.spawn(f"postgres-{self.name}", as_account(argv))
        await_ready(child, self._answers, f"Postgres instance {self.name} at {address}", timeout=60)
        self._child = child

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_owner(self) -> None:
        """The user owns databases and reads everything; synced tables are the administrator's to write."""
        self.ensure_role(self.user)
        with self.connect() as connection:
            connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(self.user)))
            connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(self.user)))

    def _end_stray(self) -> None:
        """End a server that a killed daemon left on this data directory."""
        stray = _server_on(self.data)
        if stray:
            stray.send_signal(signal.SIGINT)
            stray.wait(_STOP_SECONDS)


def _recovers(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "startup" in " ".join(process.cmdline())
    return False


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _server_on(data: Path) -> psutil.Process | None:
    """The Postgres process that `postmaster.pid` of a data directory names, if it lives and is its own."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return process_with_argument(pid, str(data))
