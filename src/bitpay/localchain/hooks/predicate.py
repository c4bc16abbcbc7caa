"""What a self-hosted Chainhook (v1) is registered with, and which transactions that means.

The formats are those of hirosystems/chainhook, `ChainhookSpecificationNetworkMap`; unknown fields are ignored there and
here. Signer messages and files to append to are refused: the local chain has none of the first, and writes none of the
second for whoever asks.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, Field, StringConstraints, field_validator, model_validator

from bitpay.localchain.blocks import Block, MinedTransaction
from bitpay.localchain.outcomes import Event
from bitpay.stacks.clarity import Dialect, to_repr
from bitpay.stacks.transactions import ContractCall, SmartContract

Height = Annotated[int, Field(ge=0)]
NETWORKS = ("devnet", "testnet")
"""What the local chain answers to, the first that is there."""
MAX_SCANNED = 1_000_000
"""Blocks between `start_block` and `end_block`."""
_ANY = "*"


class BlockHeight(BaseModel):
    """All transactions of some blocks, by exactly one rule; bounds are not included."""

    scope: Literal["block_height"]
    equals: Height | None = None
    higher_than: Height | None = None
    lower_than: Annotated[int, Field(ge=1)] | None = None
    between: tuple[Height, Height] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if sum(rule is not None for rule in (self.equals, self.higher_than, self.lower_than, self.between)) != 1:
            raise ValueError("one of equals, higher_than, lower_than and between is needed")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("'between' goes from the lower to the higher")
        return self

    def fits(self, height: int) -> bool:
        """Tell whether the rule holds for a block's height."""
        if self.equals is not None:
            return height == self.equals
        if self.higher_than is not None:
            return height > self.higher_than
        if self.lower_than is not None:
            return height < self.lower_than
        return self.between is not None and self.between[0] < height < self.between[1]


class ContractDeployment(BaseModel):
    """New contracts of a deployer ("*": anybody). `implement_trait` is taken and never met, as in Chainhook."""

    scope: Literal["contract_deployment"]
    deployer: str | None = None
    implement_trait: Literal["sip09", "sip10", "*"] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.deployer is None) is (self.implement_trait is None):
            raise ValueError("one of deployer and implement_trait is needed")
        return self


class CallOf(BaseModel):
    """Calls of a function, failed ones too."""

    scope: Literal["contract_call"]
    contract_identifier: str
    method: str


class PrintEvent(BaseModel):
    """What a contract ("*": any) prints, by the value as a node prints it; `contains` "*" means all of it."""

    scope: Literal["print_event"]
    contract_identifier: str
    contains: str | None = None
    matches_regex: str | None = None

    @field_validator("matches_regex")
    @classmethod
    def _is_regex(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"invalid regex: {error}") from error
        return text

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.contains is None and self.matches_regex is None:
            raise ValueError("one of contains and matches_regex is needed")
        return self


class TokenEvent(BaseModel):
    """Movements of a token (`ADDRESS.contract::token`)."""

    scope: Literal["ft_event", "nft_event"]
    asset_identifier: str
    actions: list[str]


class StxEvent(BaseModel):
    """Movements of STX."""

    scope: Literal["stx_event"]
    actions: list[str]


class Txid(BaseModel):
    """One transaction."""

    scope: Literal["txid"]
    equals: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$")]


IfThis = Annotated[
    BlockHeight | ContractDeployment | CallOf | PrintEvent | TokenEvent | StxEvent | Txid,
    Field(discriminator="scope"),
]


class HttpHook(BaseModel):
    """Where deliveries go; the header is sent as it is."""

    url: AnyHttpUrl
    authorization_header: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$")]


class HttpPost(BaseModel):
    """Deliveries over HTTP."""

    http_post: HttpHook


class Specification(BaseModel):
    """A predicate for one network."""

    start_block: Height | None = None
    end_block: Height | None = None
    blocks: list[Height] | None = Field(default=None, max_length=MAX_SCANNED)
    expire_after_occurrence: Annotated[int, Field(ge=1)] | None = None
    capture_all_events: bool | None = None
    decode_clarity_values: bool | None = None
    include_contract_abi: bool | None = None
    if_this: IfThis
    then_that: HttpPost | Literal["noop"]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        start = self.start_block or 0
        if self.end_block is not None and not 0 <= self.end_block - start <= MAX_SCANNED:
            raise ValueError(f"end_block must be start_block or up to {MAX_SCANNED} blocks after it")
        return self


class Predicate(BaseModel):
    """A hook as it is registered."""

    uuid: Annotated[str, StringConstraints(pattern=r"^[^/?#]{1,200}$")]
    owner_uuid: str | None = None
    name: str
    version: int
    chain: Literal["stacks"]
    networks: dict[Literal["mainnet", "testnet", "devnet", "simnet"], Specification]

    @model_validator(mode="after")
    def _ours(self) -> Self:
        if not any(name in self.networks for name in NETWORKS):
            raise ValueError(f"Network unknown: the local chain is {' or '.join(NETWORKS)}")
        return self

    @property
    def network(self) -> str:
        """The network by which the local chain is meant."""
        return next(name for name in NETWORKS if name in self.networks)

    @property
    def here(self) -> Specification:
        """What is wanted of the local chain."""
        return next(spec for name in NETWORKS for known, spec in self.networks.items() if known == name)


def wanted(rule: IfThis, block: Block) -> list[int]:
    """Return the indexes of a block's transactions that a rule wants."""
    if isinstance(rule, BlockHeight):
        return list(range(len(block.transactions))) if rule.fits(block.header.height) else []
    return [index for index, mined in enumerate(block.transactions) if _wants(rule, mined)]


def _wants(rule: IfThis, mined: MinedTransaction) -> bool:
    match rule:
        case ContractDeployment():
            return _is_deployment(rule, mined)
        case CallOf():
            call = mined.tx.payload
            return (
                isinstance(call, ContractCall)
                and str(call.contract) == rule.contract_identifier
                and call.function == rule.method
            )
        case Txid():
            return mined.txid == rule.equals
        case PrintEvent():
            return any(_is_print(rule, event) for event in mined.events)
        case TokenEvent() | StxEvent():
            return any(_is_movement(rule, event) for event in mined.events)
    return False


def _is_deployment(rule: ContractDeployment, mined: MinedTransaction) -> bool:
    if not isinstance(mined.tx.payload, SmartContract) or rule.deployer is None:
        return False
    return rule.deployer == _ANY or f"{mined.tx.origin_address}.{mined.tx.payload.name}".startswith(rule.deployer)


def _is_print(rule: PrintEvent, event: Event) -> bool:
    if event.kind != "contract_log" or event.data["topic"] != "print":
        return False
    if rule.contract_identifier not in (_ANY, event.contract_id):
        return False
    if rule.contains is not None:
        return rule.contains == _ANY or rule.contains in to_repr(event.value, Dialect.NODE)
    return re.search(rule.matches_regex or "", to_repr(event.value, Dialect.NODE)) is not None


def _is_movement(rule: TokenEvent | StxEvent, event: Event) -> bool:
    family, _, action = event.kind.partition("_")
    if rule.scope != f"{family}_event" or action not in rule.actions:
        return False
    return isinstance(rule, StxEvent) or rule.asset_identifier == event.asset
