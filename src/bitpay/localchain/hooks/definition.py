"""What a Chainhooks 2.0 hook is registered with (npm @hirosystems/chainhooks-client 2.1.1)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Filter(BaseModel):
    # extra narrowing that a version adds is refused rather than ignored
    model_config = ConfigDict(extra="forbid")


class BalanceChange(_Filter):
    """Any movement of a principal's assets."""

    type: Literal["balance_change"]
    principal: str


class TokenEvent(_Filter):
    """Movements of fungible or non-fungible tokens."""

    type: Literal["ft_event", "ft_mint", "ft_burn", "ft_transfer", "nft_event", "nft_mint", "nft_burn", "nft_transfer"]
    asset_identifier: str | None = None
    value: int | None = None
    sender: str | None = None
    receiver: str | None = None


class StxEvent(_Filter):
    """Movements of STX."""

    type: Literal["stx_event", "stx_mint", "stx_burn", "stx_transfer"]
    sender: str | None = None
    receiver: str | None = None


class ContractDeploy(_Filter):
    """New contracts."""

    type: Literal["contract_deploy"]
    contract_identifier: str | None = None
    sender: str | None = None


class ContractCallFilter(_Filter):
    """Calls of contracts."""

    type: Literal["contract_call"]
    contract_identifier: str | None = None
    function_name: str | None = None
    sender: str | None = None


class ContractLog(_Filter):
    """What contracts print."""

    type: Literal["contract_log"]
    contract_identifier: str | None = None
    sender: str | None = None


class Coinbase(_Filter):
    """Coinbases; the local chain has none."""

    type: Literal["coinbase"]


class TenureChange(_Filter):
    """Tenure changes; the local chain has none."""

    type: Literal["tenure_change"]
    cause: Literal["block_found", "extended"]


Filter = Annotated[
    BalanceChange | TokenEvent | StxEvent | ContractDeploy | ContractCallFilter | ContractLog | Coinbase | TenureChange,
    Field(discriminator="type"),
]


class Filters(_Model):
    """What a hook wants to hear: any of these."""

    events: list[Filter] = Field(min_length=1)


class Action(_Model):
    """Where deliveries go."""

    type: Literal["http_post"]
    url: HttpUrl


class Options(_Model):
    """How much a delivery tells, and when the hook ends."""

    enable_on_registration: bool = False
    expire_after_evaluations: int | None = Field(default=None, ge=1)
    expire_after_occurrences: int | None = Field(default=None, ge=1)
    decode_clarity_values: bool = False
    include_contract_abi: bool = False
    include_contract_source_code: bool = False
    include_post_conditions: bool = False
    include_raw_transactions: bool = False
    include_block_signatures: bool = False
    include_block_metadata: bool = False


class Definition(_Model):
    """A hook."""

    name: str = Field(min_length=1, max_length=200)
    version: Literal["1"]
    chain: Literal["stacks"]
    network: Literal["mainnet", "testnet"]
    filters: Filters
    action: Action
    options: Options | None = None

    @property
    def chosen(self) -> Options:
        """The options, all defaults when none were given."""
        return self.options or Options()
