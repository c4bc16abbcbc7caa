"""The public functions that only BitPay's own contracts can call, measured through stand-ins for those."""

from collections.abc import Callable

from tests.contracts.cost_cases import BTC, Args, Case
from tests.contracts.stand_ins import FOUNDATIONS, backstage, router_source
from tests.contracts.world import World, schedule, terms


def _stage(world: World) -> World:
    stage = backstage(world, world.dave)
    stage.finalize()
    return stage


def _stage_with_core(world: World) -> World:
    """The real core, between foundations of its own and a stand-in for the marketplace."""
    stage = World.bare(world.vm, world.erin)
    for name in (*FOUNDATIONS, "bitpay-core"):
        stage.deploy_source(name)
    core = stage.contract("bitpay-core")
    stage.deploy("bitpay-marketplace", router_source([core]))
    stage.contract("bitpay-access-control").finalize([world.ann], 1, [], by=world.erin)
    return stage


def _inner(via: str, contract: str, function: str, prepare: Callable[[World], Args]) -> Case:
    return Case(contract, function, "", "alice", prepare, scene=_stage, via=via)


def _deposited(stage: World) -> World:
    """Leave some sats in the accounts of core and marketplace."""
    for name in ("bitpay-core", "bitpay-marketplace"):
        stage.contract(name).sbtc_helper_deposit(BTC, 1_000, by=stage.alice)
    return stage


def _minted(stage: World) -> int:
    stage.contract("bitpay-core").obligation_nft_mint(1, stage.alice, True, by=stage.alice)
    return 1


def _sent_astray(stage: World) -> Args:
    stage.sbtc.transfer(1_000, stage.alice, stage.vault, None, by=stage.alice)
    return ()


def _paused(stage: World) -> Args:
    stage.access.pause(by=stage.olga)
    return ()


def _running(stage: World) -> int:
    core = stage.contract("bitpay-core")
    stream: int = core.open_stream(stage.bob, BTC, schedule(duration=1_000), terms(), by=stage.alice)
    stage.pass_seconds(50)
    return stream


INNER_CASES = (
    _inner("treasury", "access-control", "unpause", _paused),
    _inner("treasury", "access-control", "add-admin", lambda s: (s.dave,)),
    _inner("treasury", "access-control", "remove-admin", lambda s: (s.cleo,)),
    _inner("treasury", "access-control", "set-threshold", lambda _: (3,)),
    _inner("treasury", "access-control", "grant-operator", lambda s: (s.dave,)),
    _inner("treasury", "access-control", "revoke-operator", lambda s: (s.olga,)),
    _inner("treasury", "access-control", "set-fees", lambda _: (5, 5)),
    _inner("core", "nft", "mint", lambda s: (1, s.bob, s.alice, BTC, 1, 2)),
    _inner("core", "obligation-nft", "mint", lambda s: (1, s.bob, True)),
    _inner("core", "obligation-nft", "burn", lambda s: (_minted(s), s.alice)),
    _inner("core", "obligation-nft", "move", lambda s: (_minted(s), s.alice, s.bob)),
    _inner("core", "sbtc-helper", "deposit", lambda _: (BTC, 1_000)),
    _inner("marketplace", "sbtc-helper", "pay", lambda s: (s.bob, BTC, 1_000)),
    _inner("core", "sbtc-helper", "payout", lambda s: (BTC, _deposited(s).bob)),
    _inner("marketplace", "sbtc-helper", "credit-treasury", lambda s: (BTC if _deposited(s) else 0,)),
    _inner("treasury", "sbtc-helper", "sweep", _sent_astray),
    Case(
        *("core", "settle-for-sale", "", "alice"),
        lambda s: (_running(s), s.bob),
        scene=_stage_with_core,
        via="marketplace",
    ),
)
