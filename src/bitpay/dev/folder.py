"""The data folder of one development instance: its lock, its demo accounts, and where it can be reached."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from bitpay.kit.errors import Conflict, InvalidInput, NotFound
from bitpay.kit.settings import DATABASE
from bitpay.stacks.errors import StacksError
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

DEFAULT_FOLDER = Path(".bitpay")
SERVICE_ACCOUNTS = ("deployer", "operator")
DEMO_ACCOUNTS = ("alice", "bob", "carol", "dave", "erin")
"""People of the demo. All keys are drawn anew for each data folder: none is worth stealing elsewhere."""
_OURS = frozenset({"accounts.json", "accounts.draft", "instance.json", "instance.draft", "chain", "mongo", "logs"})
"""All that ever lies in a data folder beside its lock."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Where a running development instance answers, and the tokens that open its powers and its chain's."""

    url: str
    stacks_api_url: str
    chain_token: str
    mongodb_url: str
    dev_token: str
    pid: int
    mongodb_database: str = DATABASE


class DataFolder:
    """`path` holds everything that survives a restart; nothing else does."""

    def __init__(self, path: Path = DEFAULT_FOLDER) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Take the folder for this process. Raises Conflict while another process has it, or where nobody can."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = (self.path / "lock").open("a+")
        except OSError as error:
            raise Conflict(f"{self.path} cannot be the data folder: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            raise Conflict(f"BitPay is already running in {self.path}{self._where()}.") from error
        self._lock = handle

    def close(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _where(self) -> str:
        try:
            return f" at {self.instance().url}"
        except NotFound:
            return ""

    def erase(self) -> None:
        """Remove all state of this instance, keys included. The lock must be held.

        Raises Conflict, and removes nothing, where the folder holds anything else: it may be somebody's home.
        """
        entries = [entry for entry in self.path.iterdir() if entry.name != "lock"]
        strangers = sorted(entry.name for entry in entries if entry.name not in _OURS)
        if strangers:
            raise Conflict(f"{self.path} holds {strangers[0]}, which is not BitPay's; nothing was erased.")
        for entry in entries:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def sub(self, name: str) -> Path:
        """Return the sub-folder `name`, made if need be."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def accounts_file(self) -> Path:
        """Names and private keys (hex) of this instance's accounts; mode 0600."""
        return self.path / "accounts.json"

    def accounts(self) -> dict[str, PrivateKey]:
        """Return the accounts by name; the first call in a new folder draws their keys."""
        if not self.accounts_file.exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = (*SERVICE_ACCOUNTS, *DEMO_ACCOUNTS)
            write_private(self.accounts_file, {name: PrivateKey.generate().to_bytes().hex() for name in names})
        return read_accounts(self.accounts_file)

    def announce(self, instance: Instance) -> None:
        """Say where this instance answers."""
        write_private(self.path / "instance.json", asdict(instance))

    def retract(self) -> None:
        """Say that this instance answers no more."""
        (self.path / "instance.json").unlink(missing_ok=True)

    def instance(self) -> Instance:
        """Return where the running instance answers. Raises NotFound where none has said so."""
        try:
            return Instance(**json.loads((self.path / "instance.json").read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise NotFound(
                f"No running BitPay was found in {self.path}; start one with `make dev`, or name one: --data, --url."
            ) from error


def read_accounts(path: Path) -> dict[str, PrivateKey]:
    """Return the accounts of a key file by name. Raises InvalidInput, without a word of what is in it."""
    try:
        return {name: PrivateKey(key) for name, key in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError, StacksError) as error:
        raise InvalidInput(f"{path} is damaged; restore it, or start afresh (make dev RESET=1).") from error


def write_private(path: Path, content: dict[str, object] | dict[str, str]) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def address_of(key: PrivateKey) -> str:
    """Return the key's address on the local chain (and on testnet)."""
    return key.address(Network.TESTNET)
