"""Post-conditions: what a transaction's signer allows to be moved.

Sources: SIP-005 (STX, fungible, non-fungible), SIP-040 (originator mode, maybe sent), SIP-044 (staking, PoX). Amounts
are micro-STX or the token's smallest unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.checks import MAX_U64, check_number, check_type
from bitpay.stacks.errors import TransactionInvalid
from bitpay.stacks.names import clarity_name, contract_name

MAX_AMOUNT = MAX_U64


class Mode(IntEnum):
    """What happens to transfers that no post-condition names."""

    ALLOW = 1
    DENY = 2
    ORIGINATOR = 3
    """Denied for what the transaction's origin owns, allowed for everybody else (since epoch 3.4)."""

    @property
    def word(self) -> str:
        """The mode in JSON: "allow", "deny" or "originator"."""
        return self.name.lower()


class Compare(IntEnum):
    """How an amount sent is compared with the amount named."""

    EQ = 1
    GT = 2
    GTE = 3
    LT = 4
    LTE = 5

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower()


class Sent(IntEnum):
    """What is asked of one non-fungible token."""

    SENT = 0x10
    NOT_SENT = 0x11
    MAYBE_SENT = 0x12

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower().replace("_", "-")


class Performs(IntEnum):
    """What is asked of a principal's stacking state."""

    WILL_NOT_PERFORM = 0x30
    MAY_PERFORM = 0x31
    WILL_PERFORM = 0x32

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Asset:
    """A token of a contract: "ADDRESS.contract::asset"."""

    contract: Principal
    name: str

    def __post_init__(self) -> None:
        check_type(self.contract, Principal, "an asset's contract")
        if self.contract.name is None:
            raise TransactionInvalid("an asset belongs to a contract")
        contract_name(self.contract.name)
        clarity_name(self.name)

    def __str__(self) -> str:
        return f"{self.contract}::{self.name}"

    @classmethod
    def parse(cls, text: str) -> Asset:
        """Read "ADDRESS.contract::asset"; raises `TransactionInvalid`, `AddressInvalid` or `NameInvalid`."""
        check_type(text, str, "an asset's name")
        contract, _, name = text.partition("::")
        return cls(parse_principal(contract), name)


@dataclass(frozen=True, slots=True)
class StxPostCondition:
    """How many micro-STX a principal sends. `principal` None is the transaction's origin."""

    principal: Principal | None
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self)


@dataclass(frozen=True, slots=True)
class FtPostCondition:
    """How much of a fungible token a principal sends."""

    principal: Principal | None
    asset: Asset
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self)
        check_type(self.asset, Asset, "an asset")


@dataclass(frozen=True, slots=True)
class NftPostCondition:
    """Whether a principal sends one non-fungible token."""

    principal: Principal | None
    asset: Asset
    asset_id: clarity.Value
    condition: Sent

    def __post_init__(self) -> None:
        _check(self, Sent)
        check_type(self.asset, Asset, "an asset")
        check_type(self.asset_id, clarity.Value, "a token's id")


@dataclass(frozen=True, slots=True)
class StakingPostCondition:
    """How many micro-STX of a principal get locked (since epoch 4.0)."""

    principal: Principal | None
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self)


@dataclass(frozen=True, slots=True)
class PoxPostCondition:
    """Whether a principal changes its stacking state without locking (since epoch 4.0)."""

    principal: Principal | None
    condition: Performs

    def __post_init__(self) -> None:
        _check(self, Performs)


PostCondition = StxPostCondition | FtPostCondition | NftPostCondition | StakingPostCondition | PoxPostCondition


def _check_amount(condition: StxPostCondition | FtPostCondition | StakingPostCondition) -> None:
    _check(condition, Compare)
    check_number(condition.amount, MAX_AMOUNT, "an amount in a post-condition")


def _check(condition: PostCondition, codes: type[Compare | Sent | Performs]) -> None:
    principal = condition.principal
    check_type(principal, Principal | None, "a post-condition's principal")
    if principal is not None and principal.name is not None:
        contract_name(principal.name)
    check_type(condition.condition, codes, "a condition here")
