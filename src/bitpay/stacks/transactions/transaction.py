"""A Stacks transaction in bytes, both ways (SIP-005)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from bitpay.stacks import addresses, hexadecimal, post_conditions
from bitpay.stacks.checks import check_number, check_tuple, check_type
from bitpay.stacks.errors import DecodeError, TransactionInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Mode, PostCondition
from bitpay.stacks.reader import Reader
from bitpay.stacks.transactions import auth as auths
from bitpay.stacks.transactions import payloads
from bitpay.stacks.transactions.auth import Auth, SingleSig, SpendingCondition
from bitpay.stacks.transactions.payloads import Payload
from bitpay.stacks.unchecked import unchecked

MAX_TRANSACTION_BYTES = 2 * 1024 * 1024


class AnchorMode(IntEnum):
    """Which kind of block may hold a transaction; without meaning since Nakamoto, where `ANY` is written."""

    ON_CHAIN_ONLY = 1
    OFF_CHAIN_ONLY = 2
    ANY = 3


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction, signed or not. `version` and `chain_id` say which network it is for."""

    version: int
    chain_id: int
    auth: Auth
    payload: Payload
    mode: Mode = Mode.DENY
    post_conditions: tuple[PostCondition, ...] = ()
    anchor_mode: AnchorMode = AnchorMode.ANY

    def __post_init__(self) -> None:
        check_number(self.version, 0xFF, "a transaction version")
        if Network.of_transaction_version(self.version) is None:
            raise TransactionInvalid(f"no transaction version {self.version}")
        check_number(self.chain_id, 0xFFFFFFFF, "a chain id")
        check_type(self.auth, Auth, "an authorization")
        check_type(self.payload, Payload, "a payload")
        check_type(self.mode, Mode, "a post-condition mode")
        check_tuple(self.post_conditions, PostCondition, "the post-conditions")
        check_type(self.anchor_mode, AnchorMode, "an anchor mode")

    def encode(self) -> bytes:
        """Return the transaction's bytes; raises `TransactionInvalid` beyond 2 MiB."""
        encoded = b"".join(
            (
                bytes((self.version,)),
                self.chain_id.to_bytes(4),
                self.auth.encode(),
                bytes((self.anchor_mode, self.mode)),
                len(self.post_conditions).to_bytes(4),
                *map(post_conditions.encode, self.post_conditions),
                self.payload.encode(),
            )
        )
        if len(encoded) > MAX_TRANSACTION_BYTES:
            raise TransactionInvalid(f"a transaction of {len(encoded)} bytes, more than {MAX_TRANSACTION_BYTES}")
        return encoded

    @classmethod
    def decode(cls, data: bytes) -> Transaction:
        """Read a transaction, all of `data`; raises `DecodeError` with the byte where it goes wrong."""
        reader = Reader(data)
        if len(data) > MAX_TRANSACTION_BYTES:
            raise DecodeError("more than a transaction can be", offset=MAX_TRANSACTION_BYTES, field="transaction")
        version = reader.code(_VERSIONS, "version")
        chain_id = reader.number(4, "chain id")
        auth = auths.read(reader)
        anchor_mode = reader.code(_ANCHOR_MODES, "anchor mode")
        mode = reader.code(_MODES, "post-condition mode")
        count = reader.count(post_conditions.MIN_BYTES, "post-conditions")
        conditions = tuple([post_conditions.read(reader) for _ in range(count)])
        payload = payloads.read(reader)
        reader.finish("transaction")
        return _transaction(version, chain_id, auth, payload, mode, conditions, anchor_mode)

    @classmethod
    def from_hex(cls, text: str) -> Transaction:
        """Read a transaction from hex, with or without "0x"."""
        try:
            data = hexadecimal.from_hex(text)
        except ValueError as error:
            raise DecodeError("not hexadecimal", offset=0, field="hex") from error
        return cls.decode(data)

    def to_hex(self) -> str:
        """Return the transaction's bytes in hex, without "0x"."""
        return self.encode().hex()

    def txid(self) -> str:
        """Return the transaction's id: 64 hex digits without "0x". It is final only once everyone has signed."""
        return sha512_256(self.encode()).hex()

    @property
    def network(self) -> Network:
        """The network the version names."""
        network = Network.of_transaction_version(self.version)
        if network is None:
            raise TransactionInvalid(f"no transaction version {self.version}")
        return network

    @property
    def origin_address(self) -> str:
        """The address of the account that acts."""
        return self._address(self.auth.origin)

    @property
    def sponsor_address(self) -> str | None:
        """The address of the account that pays the fee instead, None when not sponsored."""
        return None if self.auth.sponsor is None else self._address(self.auth.sponsor)

    @property
    def nonce(self) -> int:
        """The origin's nonce."""
        return self.auth.origin.nonce

    @property
    def fee(self) -> int:
        """The fee in micro-STX, whoever pays it."""
        return (self.auth.sponsor or self.auth.origin).fee

    def _address(self, condition: SpendingCondition) -> str:
        single = isinstance(condition, SingleSig) and not condition.mode.witness
        version = self.network.single_sig if single else self.network.multi_sig
        return addresses.encode(version, condition.signer)


_transaction = unchecked(Transaction)
_VERSIONS = {network.transaction_version: network.transaction_version for network in Network}
_ANCHOR_MODES = {int(mode): mode for mode in AnchorMode}
_MODES = {int(mode): mode for mode in Mode}
