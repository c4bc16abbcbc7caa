"""Who signs a command's transactions: a demo account by name, or a private key from a file, a prompt or stdin."""

import re
import stat
import sys
from pathlib import Path
from typing import Any

import typer

from bitpay.commands.client import Api
from bitpay.dev.folder import DataFolder, read_accounts
from bitpay.kit.errors import InvalidInput, NotFound
from bitpay.stacks import clarity
from bitpay.stacks.errors import KeyInvalid
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import decode as decode_post_condition
from bitpay.stacks.transactions import Transaction, contract_call, sign

_ADDRESS = re.compile("S[PMTN][0-9A-Z]")

FEE_PER_BYTE = 3
"""micro-STX; three times the minimum that nodes relay."""


def read_key(path: Path | None) -> PrivateKey:
    """Return the key in `path`, or typed at a prompt, or on standard input; never from an argument."""
    if path is None:
        asked = "Private key (hex); or stop and name a demo account with --as"
        return parse_key(typer.prompt(asked, hide_input=True) if sys.stdin.isatty() else sys.stdin.read())
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidInput(f"{path} can be read by others; make it private first: chmod 600 {path}")
        return parse_key(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The key file {path} cannot be read: {error}") from error


def parse_key(text: str) -> PrivateKey:
    """Return the private key written as 64 or 66 hex digits."""
    try:
        return PrivateKey(text.strip())
    except KeyInvalid as error:
        raise InvalidInput("A private key is 64 or 66 hex digits; a demo account is named with --as.") from error


def demo_key(folder: DataFolder, name: str) -> PrivateKey:
    """Return a demo account's key by name, however it is capitalised."""
    accounts = _demo_accounts(folder)
    if name.lower() not in accounts:
        known = ", ".join(accounts) or "none: start BitPay with `make dev`"
        raise NotFound(f"There is no demo account called {name!r}. Known: {known}.")
    return accounts[name.lower()]


def demo_names(folder: DataFolder) -> dict[str, str]:
    """Return the demo accounts' names by address."""
    return {key.address(Network.TESTNET): name for name, key in _demo_accounts(folder).items()}


def resolve(folder: DataFolder, who: str) -> str:
    """Return `who` itself where it looks like an address, or else the address of the demo account of that name."""
    if _ADDRESS.match(who):
        return who
    return demo_key(folder, who).address(Network.TESTNET)


def send(api: Api, prepared: dict[str, Any], key: PrivateKey) -> dict[str, Any]:
    """Sign a prepared call, relay it, wait for its block and return the transaction. Raises where it failed."""
    network = Network.MAINNET if prepared["network"] == "mainnet" else Network.TESTNET
    nonce = api.get(f"/accounts/{key.address(network)}")["nonce"]
    size = len(_call(prepared, key, network, nonce=nonce, fee=0).encode())
    signed = sign(_call(prepared, key, network, nonce=nonce, fee=size * FEE_PER_BYTE), key)
    accepted = api.post("/transactions", {"tx": signed.to_hex().removeprefix("0x")})
    return api.follow(accepted["txid"])


def _demo_accounts(folder: DataFolder) -> dict[str, PrivateKey]:
    return read_accounts(folder.accounts_file) if folder.accounts_file.exists() else {}


def _call(prepared: dict[str, Any], key: PrivateKey, network: Network, *, nonce: int, fee: int) -> Transaction:
    conditions = [bytes.fromhex(text.removeprefix("0x")) for text in prepared["postConditions"]]
    return contract_call(
        prepared["contract"],
        prepared["functionName"],
        [clarity.from_hex(argument) for argument in prepared["functionArgs"]],
        network=network,
        public_key=key.public_key,
        nonce=nonce,
        fee=fee,
        post_conditions=[decode_post_condition(condition) for condition in conditions],
    )
