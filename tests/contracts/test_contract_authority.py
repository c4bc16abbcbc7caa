"""Every public function of every contract, called by every kind of caller: who may, and what the others hear.

The functions come from the contracts' own interfaces: one that is missing here fails the test. The router is a foreign
contract that passes on the call of whoever has the right to make it; the contract is one that speaks for itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.contracts.contract_types import Refusal, to_plain, to_value
from tests.contracts.error_constants import all_constants
from tests.contracts.governance import TIMELOCK, approved, propose
from tests.contracts.stand_ins import public_functions, router_source, short_name
from tests.contracts.world import Account, Contract, World, points, schedule, terms

from bitpay.localchain.vm import Call, Outcome
from bitpay.protocol.ids import NAMES

PEOPLE = {
    "deployer": "deployer",
    "admin": "ann",
    "operator": "olga",
    "sender": "alice",
    "former sender": "frank",
    "holder": "carol",
    "former holder": "bob",
    "proposed sender": "dave",
    "buyer": "erin",
    "stranger": "mallory",
}
KINDS = (*PEOPLE, "router", "contract")
ANYONE = frozenset(KINDS)


@dataclass(frozen=True)
class Scene:
    """What there is to act on."""

    world: World
    stream: int
    """Opened by frank, sent by alice, held by bob, now by carol; on sale, with an offer by erin; dave is proposed."""
    quiet: int
    """The same two sides, not on sale."""
    depleted: int
    listing: int
    offer: int
    own: int
    """A proposal of ann's."""
    other: int
    """A proposal of ben's."""
    ripe: int

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - people and the time
        return getattr(self.world, name)


Args = Callable[[Scene], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Right:
    """Who may call a function, and what everybody else is told."""

    allowed: frozenset[str]
    refusal: str
    args: Args
    told: Mapping[str, str] = field(default_factory=dict)
    signer: str = "stranger"
    """Who signs when the call comes through the router."""


def only(kind: str, refusal: str, args: Args, told: Mapping[str, str] | None = None) -> Right:
    """Only one kind of caller, in his own name."""
    return Right(frozenset({kind}), refusal, args, told or {}, kind)


def nobody(refusal: str, args: Args, told: Mapping[str, str] | None = None) -> Right:
    """Nobody but our own contracts."""
    return Right(frozenset(), refusal, args, told or {})


def anyone(args: Args, told: Mapping[str, str] | None = None) -> Right:
    """Anyone, whoever's name it is in."""
    return Right(ANYONE - frozenset(told or {}), "", args, told or {})


OWN_TRADE = {"holder": "marketplace OWN_TRADE"}
NO_CORE_OBLIGATION = "obligation-nft NOT_CORE"

RIGHTS: dict[str, Right] = {
    # bitpay-access-control
    "access-control finalize": nobody(
        "access-control NOT_DEPLOYER", lambda s: ([s.mallory], 1, []), {"deployer": "access-control ALREADY_FINALIZED"}
    ),
    "access-control pause": Right(
        frozenset({"admin", "operator"}),
        "access-control NOT_ADMIN_OR_OPERATOR",
        lambda _: (),
        signer="admin",
    ),
    "access-control unpause": nobody("access-control NOT_TREASURY", lambda _: ()),
    "access-control add-admin": nobody("access-control NOT_TREASURY", lambda s: (s.mallory,)),
    "access-control remove-admin": nobody("access-control NOT_TREASURY", lambda s: (s.ann,)),
    "access-control set-threshold": nobody("access-control NOT_TREASURY", lambda _: (1,)),
    "access-control grant-operator": nobody("access-control NOT_TREASURY", lambda s: (s.mallory,)),
    "access-control revoke-operator": nobody("access-control NOT_TREASURY", lambda s: (s.olga,)),
    "access-control set-fees": nobody("access-control NOT_TREASURY", lambda _: (0, 0)),
    # bitpay-nft
    "nft transfer": nobody("nft NOT_TRANSFERABLE", lambda s: (s.depleted, s.carol, s.mallory)),
    "nft mint": nobody("nft NOT_CORE", lambda s: (99, s.mallory, s.alice, 1, 1, 1)),
    # bitpay-obligation-nft
    "obligation-nft transfer": Right(
        frozenset({"holder", "router"}),
        "obligation-nft NOT_OWN_CALL",
        lambda s: (s.stream, s.carol, s.mallory),
        signer="holder",
    ),
    "obligation-nft mint": nobody(NO_CORE_OBLIGATION, lambda s: (99, s.mallory, True)),
    "obligation-nft burn": nobody(NO_CORE_OBLIGATION, lambda s: (s.depleted, s.carol)),
    "obligation-nft move": nobody("obligation-nft NOT_MOVER", lambda s: (s.stream, s.carol, s.mallory)),
    # bitpay-sbtc-helper
    "sbtc-helper deposit": nobody("sbtc-helper NOT_ALLOWED", lambda _: (1_000, 1)),
    "sbtc-helper pay": nobody("sbtc-helper NOT_ALLOWED", lambda s: (s.mallory, 1_000, 1)),
    "sbtc-helper payout": nobody("sbtc-helper NOT_ALLOWED", lambda s: (1, s.mallory)),
    "sbtc-helper credit-treasury": nobody("sbtc-helper NOT_ALLOWED", lambda _: (1,)),
    "sbtc-helper sweep": nobody("sbtc-helper NOT_ALLOWED", lambda _: ()),
    # bitpay-core
    "core create-stream": anyone(lambda s: (s.bob, 1_000, 10)),
    "core open-stream": anyone(lambda s: (s.bob, 1_000, schedule(), terms())),
    "core open-streams": anyone(
        lambda s: ([{"recipient": s.bob, "amount": 1_000, "schedule": schedule(), "terms": terms()}],)
    ),
    "core open-curve-stream": anyone(lambda s: (s.bob, 1_000, "seconds", None, points((9, 1_000)), terms())),
    "core withdraw-from-stream": anyone(lambda s: (s.stream,)),
    "core withdraw-many": anyone(lambda s: ([s.stream],)),
    "core withdraw-to": only("holder", "core NOT_HOLDER", lambda s: (s.stream, None, s.mallory)),
    "core withdraw-and-transfer": only("holder", "core NOT_HOLDER", lambda s: (s.stream, s.mallory)),
    "core settle-for-sale": nobody("core NOT_MARKETPLACE", lambda s: (s.stream, s.carol)),
    "core cancel-stream": only("sender", "core NOT_SENDER", lambda s: (s.stream,)),
    "core cancel-many": only("sender", "core NOT_SENDER", lambda s: ([s.stream],)),
    "core renounce-cancel": only("sender", "core NOT_SENDER", lambda s: (s.stream,)),
    "core top-up-stream": only("sender", "core NOT_SENDER", lambda s: (s.stream, 100_000)),
    "core propose-sender": only("sender", "core NOT_SENDER", lambda s: (s.stream, s.mallory)),
    "core accept-sender": only("proposed sender", "core NOT_PROPOSED_SENDER", lambda s: (s.stream,)),
    "core burn-obligation": only("holder", "core NOT_HOLDER", lambda s: (s.depleted,)),
    # bitpay-marketplace
    "marketplace list-stream": only("holder", "marketplace NOT_HOLDER", lambda s: (s.quiet, 5_000, None)),
    "marketplace update-listing": only("holder", "marketplace NOT_SELLER", lambda s: (s.listing, 6_000)),
    "marketplace cancel-listing": only("holder", "marketplace NOT_SELLER", lambda s: (s.listing,)),
    "marketplace purchase-stream": anyone(lambda s: (s.listing, 5_000, 1, True), OWN_TRADE),
    "marketplace make-offer": anyone(lambda s: (s.stream, 5_000, 1, True, s.time + 60), OWN_TRADE),
    "marketplace cancel-offer": only("buyer", "marketplace NOT_BUYER", lambda s: (s.offer,)),
    "marketplace accept-offer": only(
        "holder", "core NOT_HOLDER", lambda s: (s.offer,), {"buyer": "marketplace OWN_TRADE"}
    ),
    # bitpay-treasury
    "treasury approve-proposal": only("admin", "treasury NOT_ADMIN", lambda s: (s.other,)),
    "treasury revoke-approval": only("admin", "treasury NOT_APPROVED", lambda s: (s.own,)),
    "treasury cancel-proposal": only("admin", "treasury NOT_ADMIN", lambda s: (s.own,)),
    "treasury execute-proposal": anyone(lambda s: (s.ripe,)),
    "treasury propose-withdrawal": only("admin", "treasury NOT_ADMIN", lambda s: (s.mallory, 1, "")),
    "treasury propose-add-admin": only("admin", "treasury NOT_ADMIN", lambda s: (s.mallory,)),
    "treasury propose-remove-admin": only("admin", "treasury NOT_ADMIN", lambda s: (s.ann,)),
    "treasury propose-threshold": only("admin", "treasury NOT_ADMIN", lambda _: (1,)),
    "treasury propose-grant-operator": only("admin", "treasury NOT_ADMIN", lambda s: (s.mallory,)),
    "treasury propose-revoke-operator": only("admin", "treasury NOT_ADMIN", lambda s: (s.olga,)),
    "treasury propose-fees": only("admin", "treasury NOT_ADMIN", lambda _: (0, 0)),
    "treasury propose-limit": only("admin", "treasury NOT_ADMIN", lambda _: (0,)),
    "treasury propose-sweep-surplus": only("admin", "treasury NOT_ADMIN", lambda _: ()),
    "treasury propose-unpause": only("admin", "treasury NOT_ADMIN", lambda _: ()),
}


def set_the_scene(world: World) -> Scene:
    proposals = propose(world, "limit", 1), propose(world, "limit", 2, by=world.ben), approved(world, "limit", 3)
    world.pass_seconds(TIMELOCK)
    streams = [sold_on(world, duration=duration) for duration in (1_000, 1_000, 5)]
    world.pass_seconds(10)
    world.core.withdraw_from_stream(streams[2], by=world.carol)
    world.core.propose_sender(streams[0], world.dave, by=world.alice)
    listing = world.marketplace.list_stream(streams[0], 5_000, None, by=world.carol)
    offer = world.marketplace.make_offer(streams[0], 5_000, 1, True, world.time + 60, by=world.erin)
    stream, quiet, depleted = streams
    own, other, waiting = proposals
    return Scene(world, stream, quiet, depleted, listing, offer, own, other, waiting)


def sold_on(world: World, duration: int) -> int:
    """A stream whose both sides have moved."""
    stream = world.open(world.frank, world.bob, 100_000, duration=duration)
    world.core.propose_sender(stream, world.alice, by=world.frank)
    world.core.accept_sender(stream, by=world.alice)
    world.obligations.transfer(stream, world.bob, world.carol, by=world.bob)
    return stream


def ours(world: World) -> list[Contract]:
    return [world.contract(name) for name in NAMES]


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Scene:
    """One scene for all cells: each call is only attempted."""
    world, beginning = request.getfixturevalue("_base")
    world.vm.restore(beginning)
    scene = set_the_scene(world)
    world.deploy("router", router_source(ours(world)), by=world.mallory)
    world.sbtc.transfer(1_000_000, world.erin, world.contract("router", by=world.mallory), None, by=world.erin)
    return scene


def test_the_table_names_every_public_function(scene: Scene) -> None:
    found = {
        f"{short_name(contract)} {function['name']}"
        for contract in ours(scene.world)
        for function in public_functions(contract)
    }

    assert set(RIGHTS) == found


@pytest.mark.parametrize("name", RIGHTS)
def test_who_may_call(scene: Scene, name: str) -> None:
    right = RIGHTS[name]

    heard = dict(zip(KINDS, scene.vm.perform([(call_of(scene, name, kind), True) for kind in KINDS]), strict=True))

    assert {kind: answer(outcome) for kind, outcome in heard.items()} == {
        kind: "ok" if kind in right.allowed else right.told.get(kind, right.refusal) for kind in KINDS
    }


def call_of(scene: Scene, name: str, kind: str) -> Call:
    """The call of a function by a kind of caller."""
    contract_name, _, function = name.partition(" ")
    contract = scene.world.contract(f"bitpay-{contract_name}")
    args = [
        to_value(arg["type"], plain)
        for arg, plain in zip(contract.functions[function]["args"], RIGHTS[name].args(scene), strict=True)
    ]
    if kind in PEOPLE:
        return Call(contract.address, function, args, person(scene, kind).address)
    router = scene.world.contract("router", by=scene.world.mallory).address
    passed_on = f"{contract_name}-{function}"
    if kind == "contract":
        return Call(router, f"own-{passed_on}", args, scene.world.mallory.address)
    return Call(router, passed_on, args, person(scene, RIGHTS[name].signer).address)


def person(scene: Scene, kind: str) -> Account:
    return scene.world.people[PEOPLE[kind]]


def answer(outcome: Outcome) -> str:
    """What a caller hears: "ok", or the refusal's contract and name; of a batch, what its first item hears."""
    plain = to_plain(outcome.value)
    if isinstance(plain, list) and isinstance(plain[0], Refusal):
        plain = plain[0]
    if not isinstance(plain, Refusal):
        return "ok"
    return all_constants()[plain.code].removeprefix("bitpay-").replace("ERR_", "")
