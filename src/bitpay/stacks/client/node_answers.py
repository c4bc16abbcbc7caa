"""What only a node answers, typed: stacking and its parameters, health, indexed and simulated transactions.

Amounts in micro-STX, heights of Bitcoin blocks where they are called `burn_height` or belong to cycles and epochs.
Source: stacks-core `stackslib/src/net/api/{getpoxinfo,gethealth,gettransaction,txsimulate}.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bitpay.stacks.client import chain
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.model import Event

_ERR = 0x08
"""The first byte of an err response (SIP-005)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What running something takes, or may take: bytes and counts of the database, and the VM's units of runtime."""

    write_length: int
    write_count: int
    read_length: int
    read_count: int
    runtime: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a cost or a limit."""
        return cls(*(fields.number(name) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of Bitcoin heights, the end excluded, with the rules of that time and the limit of its blocks."""

    name: str
    start_height: int
    end_height: int
    limit: Cost

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read an epoch of `/v2/pox`."""
        return cls(
            name=fields.text("epoch_id"),
            start_height=fields.number("start_height"),
            end_height=fields.number("end_height"),
            limit=Cost.read(fields.object("block_limit")),
        )


@dataclass(frozen=True, slots=True)
class Cycle:
    """A reward cycle: what is locked in it, the least that counts, and whether it pays rewards."""

    number: int
    threshold: int
    stacked: int
    active: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the current cycle of `/v2/pox`."""
        return cls(
            number=fields.number("id"),
            threshold=fields.number("min_threshold_ustx"),
            stacked=fields.number("stacked_ustx"),
            active=fields.flag("is_pox_active"),
        )


@dataclass(frozen=True, slots=True)
class NextCycle:
    """The cycle to come, and the Bitcoin heights at which its preparation and its rewards begin."""

    number: int
    threshold: int
    stacked: int
    prepare_height: int
    reward_height: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the next cycle of `/v2/pox`."""
        return cls(
            number=fields.number("id"),
            threshold=fields.number("min_threshold_ustx"),
            stacked=fields.number("stacked_ustx"),
            prepare_height=fields.number("prepare_phase_start_block_height"),
            reward_height=fields.number("reward_phase_start_block_height"),
        )


@dataclass(frozen=True, slots=True)
class PoxContract:
    """A stacking contract, the Bitcoin height it is valid from, and its first cycle."""

    contract_id: str
    burn_height: int
    first_cycle: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a contract version of `/v2/pox`."""
        return cls(
            contract_id=fields.text("contract_id"),
            burn_height=fields.number("activation_burnchain_block_height"),
            first_cycle=fields.number("first_reward_cycle_id"),
        )


@dataclass(frozen=True, slots=True)
class Pox:
    """The network's parameters. Cycle and preparation lengths in Bitcoin blocks.

    `sbtc_contract` and `sbtc_registry` are the contracts the node takes for sBTC's, None before epoch 4.0.
    """

    contract_id: str
    first_burn_height: int
    burn_height: int
    cycle_length: int
    prepare_length: int
    liquid_supply: int
    cycle: Cycle
    next_cycle: NextCycle
    epoch: str
    epochs: tuple[Epoch, ...]
    contracts: tuple[PoxContract, ...]
    sbtc_contract: str | None
    sbtc_registry: str | None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v2/pox`."""
        return cls(
            contract_id=fields.text("contract_id"),
            first_burn_height=fields.number("first_burnchain_block_height"),
            burn_height=fields.number("current_burnchain_block_height"),
            cycle_length=fields.number("reward_cycle_length"),
            prepare_length=fields.number("prepare_phase_block_length"),
            liquid_supply=fields.number("total_liquid_supply_ustx"),
            cycle=Cycle.read(fields.object("current_cycle")),
            next_cycle=NextCycle.read(fields.object("next_cycle")),
            epoch=fields.text("current_epoch"),
            epochs=tuple(Epoch.read(one) for one in fields.objects("epochs")),
            contracts=tuple(PoxContract.read(one) for one in fields.objects("contract_versions")),
            sbtc_contract=fields.optional_text("pox_5_sbtc_contract"),
            sbtc_registry=fields.optional_text("pox_5_sbtc_registry_contract"),
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How far a node is behind its neighbours, in Stacks blocks, and who the furthest one is (None without any)."""

    behind: int
    height: int
    peer_height: int
    peer: str | None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v3/health`."""
        return cls(
            behind=fields.number("difference_from_max_peer"),
            height=fields.number("node_stacks_tip_height"),
            peer_height=fields.number("max_stacks_height_of_neighbors"),
            peer=fields.optional_text("max_stacks_neighbor_address"),
        )


@dataclass(frozen=True, slots=True)
class IndexedTransaction:
    """A transaction's bytes, its result's Clarity bytes, and its block (index block hash, Stacks height if known).

    `canonical` is False when a reorganisation has replaced that block.
    """

    raw: bytes
    result: bytes
    block_hash: str
    height: int | None
    canonical: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v3/transaction/{txid}`."""
        return cls(
            raw=fields.data("tx"),
            result=fields.data("result"),
            block_hash=fields.hash("index_block_hash"),
            height=fields.optional_number("block_height"),
            canonical=fields.flag("is_canonical"),
        )


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do in a block on top of `block_hash` (an index block hash).

    `result` is the Clarity bytes it would answer, `burned` the micro-STX it would destroy, `error` the VM's words when
    it fails. No `events` where a post-condition aborts it.
    """

    txid: str
    block_hash: str
    height: int
    result: bytes
    burned: int
    cost: Cost
    limit: Cost
    events: tuple[Event, ...]
    post_condition_aborted: bool
    error: str | None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the answer of `/v3/transactions/simulate`."""
        return cls(
            txid=fields.hash("txid"),
            block_hash=fields.hash("tip_block_id"),
            height=fields.number("block_height"),
            result=fields.data("result_hex"),
            burned=fields.number("stx_burned"),
            cost=Cost.read(fields.object("execution_cost")),
            limit=Cost.read(fields.object("execution_limit")),
            events=tuple(chain.node_event(event) for event in fields.objects("events")),
            post_condition_aborted=fields.flag("post_condition_aborted"),
            error=fields.optional_text("vm_error"),
        )

    @property
    def succeeded(self) -> bool:
        """Whether what it does would count."""
        return not self.post_condition_aborted and self.error is None and self.result[:1] != bytes([_ERR])
