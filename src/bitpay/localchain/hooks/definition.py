"""What a Chainhooks 2.0 hook is registered with (npm @hirosystems/chainhooks-client 2.1.1)."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

_ADDRESS = "[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{28,41}"
_NAME = "[a-zA-Z][a-zA-Z0-9_-]{0,39}"
ContractIdentifier = Annotated[str, StringConstraints(pattern=rf"^{_ADDRESS}\.{_NAME}$")]
Principal = Annotated[str, StringConstraints(pattern=rf"^{_ADDRESS}(\.{_NAME})?$")]
AssetIdentifier = Annotated[str, StringConstraints(pattern=rf"^{_ADDRESS}\.{_NAME}::{_NAME}$")]
_ENDS = {"event": set(), "mint": {"receiver"}, "burn": {"sender"}, "transfer": {"sender", "receiver"}}
"""By what kinds of movement can be narrowed down."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Filter(BaseModel):
    # extra narrowing that a version adds is refused rather than ignored
    model_config = ConfigDict(extra="forbid")


class BalanceChange(_Filter):
    """Any movement of a principal's assets."""

    type: Literal["balance_change"]
    principal: Principal


class _Movement(_Filter):
    type: str
    sender: Principal | None = None
    receiver: Principal | None = None

    @model_validator(mode="after")
    def _has_both_ends(self) -> Self:
        ends = _ENDS[self.type.partition("_")[2]]
        strange = {"sender", "receiver"} & self.model_fields_set - ends
        if strange:
            raise ValueError(f"{self.type} has no {' and no '.join(sorted(strange))}")
        return self


class FtEvent(_Movement):
    """Movements of fungible tokens."""

    type: Literal["ft_event", "ft_mint", "ft_burn", "ft_transfer"]
    asset_identifier: AssetIdentifier | None = None


class NftEvent(_Movement):
    """Movements of non-fungible tokens; `value` is a number that is a token's id."""

    type: Literal["nft_event", "nft_mint", "nft_burn", "nft_transfer"]
    asset_identifier: AssetIdentifier | None = None
    value: int | None = None


class StxEvent(_Movement):
    """Movements of STX."""

    type: Literal["stx_event", "stx_mint", "stx_burn", "stx_transfer"]


class ContractDeploy(_Filter):
    """New contracts."""

    type: Literal["contract_deploy"]
    contract_identifier: ContractIdentifier | None = None
    sender: Principal | None = None


class ContractCallFilter(_Filter):
    """Calls of contracts."""

    type: Literal["contract_call"]
    contract_identifier: ContractIdentifier | None = None
    function_name: str | None = None
    sender: Principal | None = None


class ContractLog(_Filter):
    """What contracts print."""

    type: Literal["contract_log"]
    contract_identifier: ContractIdentifier | None = None
    sender: Principal | None = None


class Coinbase(_Filter):
    """Coinbases; the local chain has none."""

    type: Literal["coinbase"]


class TenureChange(_Filter):
    """Tenure changes; the local chain has none."""

    type: Literal["tenure_change"]
    cause: Literal["block_found", "extended"]


Filter = Annotated[
    BalanceChange
    | FtEvent
    | NftEvent
    | StxEvent
    | ContractDeploy
    | ContractCallFilter
    | ContractLog
    | Coinbase
    | TenureChange,
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
