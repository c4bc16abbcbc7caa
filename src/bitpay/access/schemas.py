"""JSON of the chain's facts (camelCase on the wire)."""

from typing import Literal

from pydantic import Field

from bitpay.http.schemas import Json


class ContractIds(Json):
    """The seven contracts of this deployment."""

    access_control: str
    nft: str
    obligation_nft: str
    sbtc_helper: str
    core: str
    marketplace: str
    treasury: str


class Fees(Json):
    """Fees in basis points (1/10000)."""

    creation: int
    marketplace: int


class Chain(Json):
    """Where our ledger stands, and on what terms business is done. `time` is the chain's, in unix seconds."""

    network: Literal["local", "testnet", "mainnet"]
    chain_id: int
    height: int
    hash: str
    time: int
    burn_height: int
    contracts: ContractIds
    sbtc: str = Field(description="the sBTC token, contract::asset")
    vault: str = Field(description="the only place where sats lie")
    fees: Fees
    paused: bool = Field(description="no new streams, listings and offers; everything else works")
