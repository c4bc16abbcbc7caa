"""What a transaction does: its payload, in bytes both ways (SIP-005, SIP-015, SIP-021, SIP-034)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal
from bitpay.stacks.checks import MAX_U64, check_bytes, check_number, check_tuple, check_type
from bitpay.stacks.errors import DecodeError, TransactionInvalid
from bitpay.stacks.names import clarity_name, contract_name
from bitpay.stacks.reader import Reader, address_bytes, sized_name
from bitpay.stacks.unchecked import unchecked

MEMO_BYTES = 34
CLARITY_VERSIONS = range(1, 7)
VRF_PROOF_BYTES = 80
MICROBLOCK_HEADER_BYTES = 132


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """STX to a principal. `amount` in micro-STX; `memo` up to 34 bytes, filled with zero bytes."""

    recipient: Principal
    amount: int
    memo: bytes = b""

    def __post_init__(self) -> None:
        check_type(self.recipient, Principal, "a recipient")
        check_number(self.amount, MAX_U64, "an amount")
        check_type(self.memo, bytes, "a memo")
        if len(self.memo) > MEMO_BYTES:
            raise TransactionInvalid(f"a memo of {len(self.memo)} bytes, more than {MEMO_BYTES}")
        object.__setattr__(self, "memo", self.memo.ljust(MEMO_BYTES, b"\0"))

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        recipient = clarity.encode(clarity.PrincipalValue(self.recipient))
        return b"\x00" + recipient + self.amount.to_bytes(8) + self.memo


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call of a public function."""

    contract: Principal
    function: str
    args: tuple[clarity.Value, ...]

    def __post_init__(self) -> None:
        check_type(self.contract, Principal, "a contract")
        check_tuple(self.args, clarity.Value, "the arguments")
        if self.contract.name is None:
            raise TransactionInvalid("a call goes to a contract, not to an account")
        contract_name(self.contract.name)
        clarity_name(self.function)

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        target = address_bytes(self.contract) + sized_name(self.contract.name or "")
        args = b"".join(map(clarity.encode, self.args))
        return b"\x02" + target + sized_name(self.function) + len(self.args).to_bytes(4) + args


@dataclass(frozen=True, slots=True)
class SmartContract:
    """A new contract. `clarity_version` None leaves the version to the epoch (the old, unversioned payload)."""

    name: str
    source: str
    clarity_version: int | None = None

    def __post_init__(self) -> None:
        contract_name(self.name)
        check_type(self.source, str, "a contract's source")
        if self.clarity_version is not None:
            check_number(self.clarity_version, CLARITY_VERSIONS[-1], "a Clarity version")
            if self.clarity_version not in CLARITY_VERSIONS:
                raise TransactionInvalid(f"no Clarity version {self.clarity_version}")
        if not is_source(self.source):
            raise TransactionInvalid("a contract's source is printable ASCII and white space")

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        code = self.source.encode()
        body = sized_name(self.name) + len(code).to_bytes(4) + code
        return b"\x01" + body if self.clarity_version is None else bytes((6, self.clarity_version)) + body


@dataclass(frozen=True, slots=True)
class PoisonMicroblock:
    """Proof that a miner signed two microblocks of one height: two headers of 132 bytes."""

    first: bytes
    second: bytes

    def __post_init__(self) -> None:
        for header in (self.first, self.second):
            check_bytes(header, MICROBLOCK_HEADER_BYTES, "a microblock header")

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        return b"\x03" + self.first + self.second


@dataclass(frozen=True, slots=True)
class Coinbase:
    """A miner's reward. `vrf_proof` makes it the Nakamoto form; `recipient` is who gets it instead of the miner."""

    buffer: bytes
    recipient: Principal | None = None
    vrf_proof: bytes | None = None

    def __post_init__(self) -> None:
        check_bytes(self.buffer, 32, "a coinbase's buffer")
        check_type(self.recipient, Principal | None, "a recipient")
        if self.vrf_proof is not None:
            check_bytes(self.vrf_proof, VRF_PROOF_BYTES, "a VRF proof")

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        recipient = None if self.recipient is None else clarity.PrincipalValue(self.recipient)
        if self.vrf_proof is not None:
            return b"\x08" + self.buffer + clarity.encode(clarity.optional(recipient)) + self.vrf_proof
        if recipient is not None:
            return b"\x05" + self.buffer + clarity.encode(recipient)
        return b"\x04" + self.buffer


class TenureCause(IntEnum):
    """Why a tenure began or went on."""

    BLOCK_FOUND = 0
    EXTENDED = 1
    EXTENDED_RUNTIME = 2
    EXTENDED_READ_COUNT = 3
    EXTENDED_READ_LENGTH = 4
    EXTENDED_WRITE_COUNT = 5
    EXTENDED_WRITE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class TenureChange:
    """The end of a miner's tenure, or its extension."""

    tenure_hash: bytes
    previous_tenure_hash: bytes
    burn_view_hash: bytes
    previous_tenure_end: bytes
    previous_tenure_blocks: int
    cause: TenureCause
    public_key_hash: bytes

    def __post_init__(self) -> None:
        for digest in (self.tenure_hash, self.previous_tenure_hash, self.burn_view_hash, self.public_key_hash):
            check_bytes(digest, 20, "a consensus or key hash")
        check_bytes(self.previous_tenure_end, 32, "a block id")
        check_number(self.previous_tenure_blocks, 0xFFFFFFFF, "a tenure's block count")
        check_type(self.cause, TenureCause, "a cause")

    def encode(self) -> bytes:
        """Return the payload's bytes."""
        hashes = self.tenure_hash + self.previous_tenure_hash + self.burn_view_hash + self.previous_tenure_end
        return b"\x07" + hashes + self.previous_tenure_blocks.to_bytes(4) + bytes((self.cause,)) + self.public_key_hash


Payload = TokenTransfer | ContractCall | SmartContract | PoisonMicroblock | Coinbase | TenureChange


def read(reader: Reader) -> Payload:
    """Read a payload; raises `DecodeError`."""
    return reader.code(_READERS, "payload type")(reader)


def _read_transfer(reader: Reader) -> Payload:
    recipient = reader.principal_value("recipient")
    return _token_transfer(recipient, reader.number(8, "amount"), reader.take(MEMO_BYTES, "memo"))


def _read_call(reader: Reader) -> Payload:
    contract = reader.contract("contract")
    function = reader.clarity_name("function")
    args = tuple([reader.value() for _ in range(reader.count(1, "arguments"))])
    return _contract_call(contract, function, args)


def _read_contract(reader: Reader) -> Payload:
    return _contract(reader, None)


def _read_versioned_contract(reader: Reader) -> Payload:
    return _contract(reader, reader.code(_CLARITY_VERSIONS, "clarity version"))


def _contract(reader: Reader, version: int | None) -> Payload:
    name = reader.contract_name()
    size = reader.count(1, "source")
    start = reader.offset
    source = reader.take(size, "source").decode("latin-1")
    if not is_source(source):
        raise DecodeError("a character no contract can hold", offset=start, field="source")
    return _smart_contract(name, source, version)


def _read_poison(reader: Reader) -> Payload:
    first = reader.take(MICROBLOCK_HEADER_BYTES, "microblock header")
    return _poison_microblock(first, reader.take(MICROBLOCK_HEADER_BYTES, "microblock header"))


def _read_coinbase(reader: Reader) -> Payload:
    return _coinbase(reader.take(32, "coinbase"), None, None)


def _read_coinbase_to(reader: Reader) -> Payload:
    return _coinbase(reader.take(32, "coinbase"), reader.principal_value("recipient"), None)


def _read_nakamoto_coinbase(reader: Reader) -> Payload:
    buffer = reader.take(32, "coinbase")
    start = reader.offset
    match reader.value():
        case clarity.NoneValue():
            recipient = None
        case clarity.Some(clarity.PrincipalValue(principal)):
            recipient = principal
        case _:
            raise DecodeError("not an optional principal", offset=start, field="recipient")
    return _coinbase(buffer, recipient, reader.take(VRF_PROOF_BYTES, "VRF proof"))


def _read_tenure_change(reader: Reader) -> Payload:
    tenure, previous, burn_view = (reader.take(20, "consensus hash") for _ in range(3))
    end = reader.take(32, "previous tenure end")
    blocks = reader.number(4, "previous tenure blocks")
    cause = reader.code(_CAUSES, "cause")
    key_hash = reader.take(20, "public key hash")
    return _tenure_change(tenure, previous, burn_view, end, blocks, cause, key_hash)


_READERS: dict[int, Callable[[Reader], Payload]] = {
    0: _read_transfer,
    1: _read_contract,
    2: _read_call,
    3: _read_poison,
    4: _read_coinbase,
    5: _read_coinbase_to,
    6: _read_versioned_contract,
    7: _read_tenure_change,
    8: _read_nakamoto_coinbase,
}
_CLARITY_VERSIONS = {version: version for version in CLARITY_VERSIONS}
_CAUSES = {int(cause): cause for cause in TenureCause}
_token_transfer, _contract_call = unchecked(TokenTransfer), unchecked(ContractCall)
_smart_contract, _poison_microblock = unchecked(SmartContract), unchecked(PoisonMicroblock)
_coinbase, _tenure_change = unchecked(Coinbase), unchecked(TenureChange)


def is_source(text: str) -> bool:
    """Say whether a contract's source may hold this text: printable ASCII, tab and line feed."""
    return all(" " <= character <= "~" or character in "\t\n" for character in text)
