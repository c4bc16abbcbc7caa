"""The two Stacks networks as transactions and addresses name them (SIP-005)."""

from __future__ import annotations

from enum import Enum


class Network(Enum):
    """A Stacks network. Local development chains use `TESTNET`."""

    MAINNET = "mainnet"
    TESTNET = "testnet"

    @property
    def transaction_version(self) -> int:
        """First byte of a transaction."""
        return 0x00 if self is Network.MAINNET else 0x80

    @property
    def chain_id(self) -> int:
        """The chain id that transactions, SIP-018 domains and sign-in messages name."""
        return 0x00000001 if self is Network.MAINNET else 0x80000000

    @property
    def single_sig(self) -> int:
        """Address version of one key: SP or ST."""
        return 22 if self is Network.MAINNET else 26

    @property
    def multi_sig(self) -> int:
        """Address version of several keys (and of a key behind P2WPKH): SM or SN."""
        return 20 if self is Network.MAINNET else 21

    @classmethod
    def of_transaction_version(cls, version: int) -> Network | None:
        """Return the network of a transaction's first byte, None when there is none."""
        return _BY_TRANSACTION_VERSION.get(version)

    @classmethod
    def of_address_version(cls, version: int) -> Network | None:
        """Return the network of an address version, None for versions no network uses."""
        return _BY_ADDRESS_VERSION.get(version)


_BY_TRANSACTION_VERSION = {network.transaction_version: network for network in Network}
_BY_ADDRESS_VERSION = {version: network for network in Network for version in (network.single_sig, network.multi_sig)}
