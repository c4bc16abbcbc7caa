"""Every public function in the situations whose costs are measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.contracts.governance import approved, propose, ripe
from tests.contracts.world import Account, World, points, schedule, terms

Args: TypeAlias = tuple[Any, ...]

BTC = 100_000_000
SOON = 1_000
"""Seconds until things expire."""
SHAPE: dict[str, Any] = {"cliff": 5, "upfront": 5, "at_cliff": 5, "step": 5}
MEMO = "Salary for the month of January"
WAY = points(*((after * 1_000, after * 1_000_000) for after in range(1, 25)))
WAY_AMOUNT = 24_000_000
BATCHES = (1, 10, 50)


@dataclass(frozen=True, slots=True)
class Case:
    """A call in a situation: `prepare` brings the situation about and returns the call's arguments.

    `reads` and `runtime` are the most it may cost, where that was promised. `scene` says in which world it happens and
    `via` through which stand-in, for what only our own contracts can call.
    """

    contract: str
    function: str
    situation: str
    by: str
    prepare: Callable[[World], Args]
    reads: int | None = None
    runtime: int | None = None
    scene: Callable[[World], World] = lambda world: world
    via: str = ""

    @property
    def name(self) -> str:
        """Contract, function and situation: a case's key."""
        return f"{self.contract} {self.function}" + (f": {self.situation}" if self.situation else "")

    @property
    def called(self) -> tuple[str, str]:
        """Contract and function that a transaction calls: the function itself, or the stand-in's that passes it on."""
        if self.via:
            return f"bitpay-{self.via}", f"{self.contract}-{self.function}"
        return f"bitpay-{self.contract}", self.function


def _running(world: World, **about: Any) -> int:  # noqa: ANN401 - a schedule's fields
    """A stream from alice to bob of which a part has vested."""
    stream: int = world.open(world.alice, world.bob, BTC, duration=SOON, **about)
    world.pass_seconds(50)
    return stream


def _curved(world: World) -> int:
    stream: int = world.core.open_curve_stream(
        world.bob, WAY_AMOUNT, "seconds", None, WAY, terms(memo=MEMO), by=world.alice
    )
    world.pass_seconds(12_500)
    return stream


def _curved_to_the_end(world: World) -> int:
    stream = _curved(world)
    world.pass_seconds(12_500)
    return stream


def _ended(world: World) -> int:
    stream = _running(world)
    world.pass_seconds(SOON)
    return stream


def _depleted(world: World) -> int:
    stream = _ended(world)
    world.core.withdraw_from_stream(stream, by=world.bob)
    return stream


def _cancelled(world: World) -> int:
    stream = _running(world)
    world.core.cancel_stream(stream, by=world.alice)
    return stream


def _withdrawn(world: World) -> int:
    """A stream whose vested sats have all been withdrawn, so that cancelling depletes it."""
    stream = _running(world)
    world.core.withdraw_from_stream(stream, by=world.bob)
    return stream


def _proposed_sender(world: World) -> int:
    stream = _running(world)
    world.core.propose_sender(stream, world.carol, by=world.alice)
    return stream


def _listing(world: World, stream: int | None = None) -> int:
    listed: int = world.marketplace.list_stream(stream or _running(world), 50_000, world.time + SOON, by=world.bob)
    return listed


def _offer(world: World, stream: int | None = None) -> int:
    made: int = world.marketplace.make_offer(
        stream or _running(world), 50_000, 1, True, world.time + SOON, by=world.carol
    )
    return made


def _order(world: World, **about: Any) -> dict[str, Any]:  # noqa: ANN401 - a schedule's fields
    memo = about.pop("memo", "")
    return {"recipient": world.bob, "amount": 1_000_000, "schedule": schedule(**about), "terms": terms(memo=memo)}


def _batch(world: World, size: int) -> list[int]:
    opened: list[int] = world.core.open_streams([_order(world, memo=MEMO, **SHAPE)] * size, by=world.alice)
    world.pass_seconds(50)
    return opened


def _ended_batch(world: World, size: int) -> list[int]:
    opened = _batch(world, size)
    world.pass_seconds(50)
    return opened


def _withdrawn_batch(world: World, size: int) -> list[int]:
    opened = _batch(world, size)
    world.core.withdraw_many(opened, by=world.bob)
    return opened


def _with_fees(world: World) -> int:
    """A ripe withdrawal of the fee that opening a stream has brought."""
    world.open(world.alice, world.bob, BTC)
    return ripe(world, "withdrawal", world.erin, 1_000, "For the audit")


def _with_surplus(world: World) -> int:
    world.sbtc.transfer(1_000, world.alice, world.vault, None, by=world.alice)
    return ripe(world, "sweep_surplus")


def _paused(world: World) -> int:
    proposal = ripe(world, "unpause")
    world.access.pause(by=world.olga)
    return proposal


def crowd(world: World, streams: int, others: int) -> None:
    """Let there be so many more streams (a multiple of 50) from alice to bob, and listings, offers and proposals."""
    for _ in range(streams // 50):
        world.core.open_streams([_order(world)] * 50, by=world.alice)
    for _ in range(others):
        stream = world.open(world.alice, world.bob, BTC, duration=SOON)
        _listing(world, stream)
        _offer(world, stream)
        propose(world, "limit", BTC)


def _unfinalized(world: World) -> World:
    fresh = World.bare(world.vm, world.frank)
    fresh.deploy_source("bitpay-access-control")
    return fresh


def _core(function: str, situation: str, by: str, prepare: Callable[[World], Args], *most: int) -> Case:
    reads, runtime = most or (None, None)
    return Case("core", function, situation, by, prepare, reads, runtime)


def _market(function: str, situation: str, by: str, prepare: Callable[[World], Args], *most: int) -> Case:
    reads, runtime = most or (None, None)
    return Case("marketplace", function, situation, by, prepare, reads, runtime)


def _treasury(function: str, situation: str, prepare: Callable[[World], Args], by: str = "ann") -> Case:
    return Case("treasury", function, situation, by, prepare)


def _batch_case(function: str, situation: str, size: int, by: str, prepare: Callable[[World, int], object]) -> Case:
    reads = {("open-streams", 50): 1_400, ("withdraw-many", 50): 2_500, ("cancel-many", 50): 2_500}
    many = f"{size}{situation}"
    return Case("core", function, many, by, lambda w: (prepare(w, size),), reads.get((function, size)))


OPENING = (
    _core("create-stream", "", "alice", lambda w: (w.bob, BTC, 100), 32, 140_000),
    _core("open-stream", "a line", "alice", lambda w: (w.bob, BTC, schedule(), terms()), 36, 180_000),
    _core(
        "open-stream",
        "cliff, unlocks, steps, memo",
        "alice",
        lambda w: (w.bob, BTC, schedule(**SHAPE), terms(memo=MEMO)),
        *(36, 180_000),
    ),
    _core(
        "open-curve-stream",
        "2 points",
        "alice",
        lambda w: (w.bob, 5_000_000, "seconds", None, points((50, 1_000_000), (100, 5_000_000)), terms()),
        *(36, 420_000),
    ),
    _core(
        "open-curve-stream",
        "24 points",
        "alice",
        lambda w: (w.bob, WAY_AMOUNT, "seconds", None, WAY, terms(memo=MEMO)),
        *(36, 420_000),
    ),
    _core("top-up-stream", "", "alice", lambda w: (_running(w), 1_000_000)),
)

WITHDRAWING = (
    _core("withdraw-from-stream", "a part", "bob", lambda w: (_running(w),), 24, 120_000),
    _core("withdraw-from-stream", "all, so a receipt", "bob", lambda w: (_ended(w),), 30, 150_000),
    _core("withdraw-from-stream", "all of a cancelled one", "bob", lambda w: (_cancelled(w),), 30, 150_000),
    _core("withdraw-from-stream", "a part, with steps", "bob", lambda w: (_running(w, **SHAPE),)),
    _core("withdraw-from-stream", "a part, of 24 points", "bob", lambda w: (_curved(w),)),
    _core(
        "withdraw-from-stream", "all of 24 points, so a receipt", "bob", lambda w: (_curved_to_the_end(w),), 30, 150_000
    ),
    _core("withdraw-to", "a part", "bob", lambda w: (_running(w), 1_000, w.carol)),
    _core("withdraw-and-transfer", "", "bob", lambda w: (_running(w), w.carol)),
    _core("burn-obligation", "", "bob", lambda w: (_depleted(w),)),
)

SENDING = (
    _core("cancel-stream", "", "alice", lambda w: (_running(w),), 20, 110_000),
    _core("cancel-stream", "all vested is withdrawn, so a receipt", "alice", lambda w: (_withdrawn(w),)),
    _core("cancel-stream", "of 24 points", "alice", lambda w: (_curved(w),)),
    _core("renounce-cancel", "", "alice", lambda w: (_running(w),)),
    _core("propose-sender", "", "alice", lambda w: (_running(w), w.carol)),
    _core("accept-sender", "", "carol", lambda w: (_proposed_sender(w),)),
)

BATCHED = tuple(
    _batch_case(function, situation, size, by, prepare)
    for function, situation, by, prepare in (
        ("open-streams", " lines", "alice", lambda w, n: [_order(w)] * n),
        ("open-streams", " with all there is", "alice", lambda w, n: [_order(w, memo=MEMO, **SHAPE)] * n),
        ("withdraw-many", "", "bob", _batch),
        ("withdraw-many", " to the end, with receipts", "bob", _ended_batch),
        ("cancel-many", "", "alice", _batch),
        ("cancel-many", " with receipts", "alice", _withdrawn_batch),
    )
    for size in BATCHES
)

SALES = (
    _market("list-stream", "", "bob", lambda w: (_running(w), 50_000, w.time + SOON), 32, 150_000),
    _market("update-listing", "", "bob", lambda w: (_listing(w), 60_000)),
    _market("cancel-listing", "", "bob", lambda w: (_listing(w),)),
    _market("purchase-stream", "", "carol", lambda w: (_listing(w), 50_000, 1, True), 62, 330_000),
    _market("purchase-stream", "of 24 points", "carol", lambda w: (_listing(w, _curved(w)), 50_000, 1, True)),
    _market("make-offer", "", "carol", lambda w: (_running(w), 50_000, 1, True, w.time + SOON)),
    _market("cancel-offer", "", "carol", lambda w: (_offer(w),)),
    _market("accept-offer", "", "bob", lambda w: (_offer(w),), 54, 280_000),
    _market("accept-offer", "of 24 points", "bob", lambda w: (_offer(w, _curved(w)),)),
)

COUNCIL = (
    _treasury("propose-withdrawal", "", lambda w: (w.erin, 1_000, "For the audit")),
    _treasury("propose-add-admin", "", lambda w: (w.dave,)),
    _treasury("propose-remove-admin", "", lambda w: (w.cleo,)),
    _treasury("propose-threshold", "", lambda _: (3,)),
    _treasury("propose-grant-operator", "", lambda w: (w.dave,)),
    _treasury("propose-revoke-operator", "", lambda w: (w.olga,)),
    _treasury("propose-fees", "", lambda _: (5, 5)),
    _treasury("propose-limit", "", lambda _: (BTC,)),
    _treasury("propose-sweep-surplus", "", lambda _: ()),
    _treasury("propose-unpause", "", lambda _: ()),
    _treasury("approve-proposal", "", lambda w: (propose(w, "limit", BTC),), "ben"),
    _treasury("revoke-approval", "", lambda w: (approved(w, "limit", BTC),)),
    _treasury("cancel-proposal", "", lambda w: (propose(w, "limit", BTC),)),
    _treasury("execute-proposal", "withdrawal", lambda w: (_with_fees(w),)),
    _treasury("execute-proposal", "add-admin", lambda w: (ripe(w, "add_admin", w.dave),)),
    _treasury("execute-proposal", "remove-admin", lambda w: (ripe(w, "remove_admin", w.cleo),)),
    _treasury("execute-proposal", "threshold", lambda w: (ripe(w, "threshold", 3),)),
    _treasury("execute-proposal", "grant-operator", lambda w: (ripe(w, "grant_operator", w.dave),)),
    _treasury("execute-proposal", "revoke-operator", lambda w: (ripe(w, "revoke_operator", w.olga),)),
    _treasury("execute-proposal", "fees", lambda w: (ripe(w, "fees", 5, 5),)),
    _treasury("execute-proposal", "limit", lambda w: (ripe(w, "limit", BTC),)),
    _treasury("execute-proposal", "sweep-surplus", lambda w: (_with_surplus(w),)),
    _treasury("execute-proposal", "unpause", lambda w: (_paused(w),)),
)


def _three(world: World) -> list[Account]:
    return [world.ann, world.ben, world.cleo]


OTHERS = (
    Case(
        *("access-control", "finalize", "3 admins, 1 operator", "frank"),
        lambda w: (_three(w), 2, [w.olga]),
        scene=_unfinalized,
    ),
    Case("access-control", "pause", "", "olga", lambda _: ()),
    Case("obligation-nft", "transfer", "", "bob", lambda w: (_running(w), w.bob, w.carol)),
    Case("nft", "transfer", "refused, as always", "bob", lambda w: (_depleted(w), w.bob, w.carol)),
)

CASES = (*OPENING, *WITHDRAWING, *SENDING, *BATCHED, *SALES, *COUNCIL, *OTHERS)
