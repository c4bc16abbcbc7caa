import pytest
from tests.contracts.world import FUNDS, Account, World

from bitpay.protocol.curves import MAX_SECONDS
from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000
DAY = 86_400


@pytest.fixture
def stream(world: World, alice: Account, bob: Account) -> int:
    """100,000 sats from alice to bob in 100 seconds, 20 of which have passed."""
    opened = world.open(alice, bob, 100_000)
    world.pass_seconds(20)
    return opened


def offer(
    world: World,
    buyer: Account,
    stream: int,
    price: int = 40_000,
    *,
    least: int = 0,
    cancelable: bool = True,
    expires_in: int = 60,
) -> int:
    made: int = world.marketplace.make_offer(stream, price, least, cancelable, world.time + expires_in, by=buyer)
    return made


def test_an_offer_puts_its_price_into_escrow(world: World, stream: int, carol: Account) -> None:
    made = offer(world, carol, stream, least=70_000, cancelable=False)

    assert made == 1
    about = {
        "stream-id": stream,
        "buyer": carol.address,
        "price": 40_000,
        "fee-bps": 25,
        "min-remaining": 70_000,
        "accept-cancelable": False,
        "expires-at": world.time + 60,
    }
    assert world.told("offer-made") == {"offer-id": made, **about}
    assert world.marketplace.get_offer(made) == {**about, "status": "active"}
    assert world.marketplace.get_offer_count() == 1
    assert world.balance(carol) == FUNDS - 40_000
    assert world.vault.get_account(world.marketplace) == 40_000


def test_an_accepted_offer_settles_the_holder_then_moves_price_and_token(
    world: World, stream: int, bob: Account, carol: Account
) -> None:
    made = offer(world, carol, stream)

    assert world.marketplace.accept_offer(made, by=bob) is True

    assert world.told("offer-accepted") == {
        "offer-id": made,
        "stream-id": stream,
        "seller": bob.address,
        "buyer": carol.address,
        "price": 40_000,
        "fee": 100,
        "settled": 20_000,
    }
    assert world.balance(bob) == FUNDS + 20_000 + 40_000 - 100
    assert world.vault.get_account(world.marketplace) == 0
    assert world.vault.get_account(world.treasury) == 100 + 100
    assert world.core.get_holder(stream) == carol.address
    assert world.marketplace.get_offer(made)["status"] == "accepted"


def test_an_offer_survives_changes_of_holder(world: World, stream: int, bob: Account, carol: Account) -> None:
    made = offer(world, carol, stream)
    world.obligations.transfer(stream, bob, world.dave, by=bob)

    with world.refused("core", "NOT_HOLDER"):
        world.marketplace.accept_offer(made, by=bob)
    assert world.marketplace.accept_offer(made, by=world.dave) is True
    assert world.core.get_holder(stream) == carol.address


def test_accepting_an_offer_ends_the_holders_listing(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.marketplace.accept_offer(offer(world, carol, stream), by=bob)

    assert world.marketplace.get_live_listing(stream) is None
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        world.marketplace.purchase_stream(listing, MAX_SATS, 0, True, by=world.dave)


@pytest.mark.parametrize(
    ("reason", "price", "least", "expires_in"),
    [
        ("PRICE_OUT_OF_RANGE", 999, 0, 60),
        ("PRICE_OUT_OF_RANGE", MAX_SATS + 1, 0, 60),
        ("PRICE_OUT_OF_RANGE", UINT_MAX, 0, 60),
        ("MIN_REMAINING_OUT_OF_RANGE", 1_000, MAX_SATS + 1, 60),
        ("MIN_REMAINING_OUT_OF_RANGE", 1_000, UINT_MAX, 60),
        ("EXPIRY_OUT_OF_RANGE", 1_000, 0, 0),
        ("EXPIRY_OUT_OF_RANGE", 1_000, 0, MAX_SECONDS),
    ],
)
def test_an_offer_has_bounds(
    world: World, stream: int, carol: Account, reason: str, price: int, least: int, expires_in: int
) -> None:
    with world.refused("marketplace", reason):
        offer(world, carol, stream, price, least=least, expires_in=expires_in)


def test_what_cannot_be_sold_gets_no_offers(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stuck = world.open(alice, bob, 1_000, transferable=False)
    settled = world.open(alice, bob, 1_000, start=world.time - 100)
    dear = world.open(alice, bob, 1_000)

    with world.refused("marketplace", "NOT_TRANSFERABLE"):
        offer(world, carol, stuck)
    with world.refused("marketplace", "NOTHING_TO_SELL"):
        offer(world, carol, settled)
    with world.refused("core", "UNKNOWN_STREAM"):
        offer(world, carol, 99)
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        offer(world, carol, dear, FUNDS + 1)


def test_nobody_trades_with_himself(world: World, stream: int, bob: Account, carol: Account) -> None:
    with world.refused("marketplace", "OWN_TRADE"):
        offer(world, bob, stream)
    made = offer(world, carol, stream)
    world.obligations.transfer(stream, bob, carol, by=bob)
    with world.refused("marketplace", "OWN_TRADE"):
        world.marketplace.accept_offer(made, by=carol)


def test_an_offer_is_filled_on_its_own_terms_only(world: World, stream: int, alice: Account, bob: Account) -> None:
    too_much = offer(world, world.carol, stream, least=80_001)
    certain = offer(world, world.carol, stream, least=80_000, cancelable=False)

    with world.refused("marketplace", "TOO_LITTLE_REMAINS"):
        world.marketplace.accept_offer(too_much, by=bob)
    with world.refused("marketplace", "CANCELABLE"):
        world.marketplace.accept_offer(certain, by=bob)
    world.core.renounce_cancel(stream, by=alice)
    assert world.marketplace.accept_offer(certain, by=bob) is True


def test_nothing_left_cannot_be_sold_to_an_offer(world: World, stream: int, alice: Account, bob: Account) -> None:
    made = offer(world, world.carol, stream)
    world.core.cancel_stream(stream, by=alice)

    with world.refused("marketplace", "NOTHING_TO_SELL"):
        world.marketplace.accept_offer(made, by=bob)


def test_only_the_holder_accepts_and_once(world: World, stream: int, alice: Account, bob: Account) -> None:
    made = offer(world, world.carol, stream)

    for other in (alice, world.ann, world.mallory):
        with world.refused("core", "NOT_HOLDER"):
            world.marketplace.accept_offer(made, by=other)
    world.marketplace.accept_offer(made, by=bob)
    with world.refused("marketplace", "OFFER_CLOSED"):
        world.marketplace.accept_offer(made, by=bob)
    with world.refused("marketplace", "OFFER_CLOSED"):
        world.marketplace.cancel_offer(made, by=world.carol)
    for call in (world.marketplace.accept_offer, world.marketplace.cancel_offer):
        with world.refused("marketplace", "UNKNOWN_OFFER"):
            call(99, by=bob)


def test_the_maker_takes_his_offer_back_at_any_time(world: World, stream: int, carol: Account) -> None:
    made = offer(world, carol, stream)
    world.access.pause(by=world.olga)

    for other in (world.bob, world.ann, world.mallory):
        with world.refused("marketplace", "NOT_BUYER"):
            world.marketplace.cancel_offer(made, by=other)
    assert world.marketplace.cancel_offer(made, by=carol) is True
    assert world.told("offer-cancelled") == {
        "offer-id": made,
        "stream-id": stream,
        "buyer": carol.address,
        "price": 40_000,
        "by": carol.address,
    }
    assert world.balance(carol) == FUNDS
    assert world.marketplace.get_offer(made)["status"] == "cancelled"
    with world.refused("marketplace", "OFFER_CLOSED"):
        world.marketplace.cancel_offer(made, by=carol)


def test_from_its_expiry_on_anyone_returns_an_offer_to_its_maker(
    world: World, stream: int, bob: Account, carol: Account
) -> None:
    made = offer(world, carol, stream)
    world.pass_seconds(59)
    with world.refused("marketplace", "NOT_BUYER"):
        world.marketplace.cancel_offer(made, by=world.mallory)
    world.pass_seconds(1)
    with world.refused("marketplace", "OFFER_EXPIRED"):
        world.marketplace.accept_offer(made, by=bob)

    world.marketplace.cancel_offer(made, by=world.mallory)

    assert world.told("offer-cancelled")["by"] == world.mallory.address
    assert (world.balance(carol), world.balance(world.mallory)) == (FUNDS, FUNDS)


def test_making_and_accepting_offers_is_new_business(world: World, stream: int, bob: Account, carol: Account) -> None:
    made = offer(world, carol, stream)
    world.access.pause(by=world.olga)

    with world.refused("access-control", "PAUSED"):
        offer(world, carol, stream)
    with world.refused("access-control", "PAUSED"):
        world.marketplace.accept_offer(made, by=bob)


def test_offers_stand_side_by_side(world: World, stream: int, bob: Account) -> None:
    offers = [offer(world, who, stream, price) for who, price in [(world.carol, 30_000), (world.dave, 45_000)]]
    assert world.vault.get_account(world.marketplace) == 75_000

    world.marketplace.accept_offer(offers[1], by=bob)

    assert world.core.get_holder(stream) == world.dave.address
    assert world.marketplace.accept_offer(offers[0], by=world.dave) is True
    assert world.core.get_holder(stream) == world.carol.address
    assert world.vault.get_account(world.marketplace) == 0
