"""The demo accounts of this instance: names and keys from a file that only its owner can read."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path

from bitpay.kit.errors import InvalidInput, NotFound
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
SERVICE_ACCOUNTS = frozenset({"deployer", "operator"})
"""They set the instance up; nobody plays with them."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account with its key. The key is only ever used here, never shown."""

    name: str
    key: PrivateKey

    @property
    def address(self) -> str:
        """The account's address; the local chain uses testnet addresses."""
        return self.key.address(Network.TESTNET)


class DemoAccounts:
    """The accounts of one file ({name: private key in hex}). Raises InvalidInput where others could read the file."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_mode & _OTHERS:
            raise InvalidInput(f"{path} holds keys and can be read by others: chmod 600 {path}")
        keys: dict[str, str] = json.loads(path.read_text())
        self._accounts = [DemoAccount(name, PrivateKey(key)) for name, key in keys.items()]

    def people(self) -> list[DemoAccount]:
        """Return the accounts to play with, in the file's order."""
        return [account for account in self._accounts if account.name not in SERVICE_ACCOUNTS]

    def find(self, who: str) -> DemoAccount:
        """Return a demo account by name or address. Raises NotFound."""
        for account in self.people():
            if who in {account.name, account.address}:
                return account
        raise NotFound(f"There is no demo account {who!r}.")
