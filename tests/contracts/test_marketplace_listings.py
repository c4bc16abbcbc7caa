from typing import Any

import pytest
from tests.contracts.governance import decided
from tests.contracts.world import FUNDS, Account, World

from bitpay.protocol.curves import MAX_SECONDS
from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000


@pytest.fixture
def stream(world: World, alice: Account, bob: Account) -> int:
    """100,000 sats from alice to bob in 100 seconds, 20 of which have passed."""
    opened = world.open(alice, bob, 100_000)
    world.pass_seconds(20)
    return opened


def buy(
    world: World, buyer: Account, listing: int, *, most: int = MAX_SATS, least: int = 0, cancelable: bool = True
) -> Any:  # noqa: ANN401 - what the call answers
    return world.marketplace.purchase_stream(listing, most, least, cancelable, by=buyer)


# Listing


def test_a_listing_leaves_token_and_income_with_the_seller(world: World, stream: int, bob: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, world.time + 60, by=bob)

    assert listing == 1
    about = {
        "stream-id": stream,
        "seller": bob.address,
        "price": 50_000,
        "fee-bps": 25,
        "expires-at": world.time + 60,
        "moves": 0,
    }
    assert world.told("listing-created") == {"listing-id": 1, **about}
    assert world.marketplace.get_listing(1) == {**about, "status": "active"}
    assert world.marketplace.get_listing_count() == 1
    assert world.marketplace.get_live_listing(stream) == 1
    assert world.core.get_holder(stream) == bob.address
    assert world.core.withdraw_from_stream(stream, by=bob) == 20_000


def test_only_the_holder_lists(world: World, stream: int, alice: Account) -> None:
    for other in (alice, world.ann, world.mallory):
        with world.refused("marketplace", "NOT_HOLDER"):
            world.marketplace.list_stream(stream, 50_000, None, by=other)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.marketplace.list_stream(99, 50_000, None, by=alice)


@pytest.mark.parametrize(
    ("reason", "price", "expires_in"),
    [
        ("PRICE_OUT_OF_RANGE", 999, None),
        ("PRICE_OUT_OF_RANGE", 0, None),
        ("PRICE_OUT_OF_RANGE", MAX_SATS + 1, None),
        ("PRICE_OUT_OF_RANGE", UINT_MAX, 60),
        ("EXPIRY_OUT_OF_RANGE", 1_000, 0),
        ("EXPIRY_OUT_OF_RANGE", 1_000, -5),
        ("EXPIRY_OUT_OF_RANGE", 1_000, MAX_SECONDS),
    ],
)
def test_a_listing_has_bounds(
    world: World, stream: int, bob: Account, reason: str, price: int, expires_in: int | None
) -> None:
    expires_at = None if expires_in is None else world.time + expires_in
    with world.refused("marketplace", reason):
        world.marketplace.list_stream(stream, price, expires_at, by=bob)
    assert world.marketplace.list_stream(stream, 1_000, MAX_SECONDS, by=bob) == 1


def test_what_cannot_be_sold_is_not_listed(world: World, alice: Account, bob: Account) -> None:
    stuck = world.open(alice, bob, 1_000, transferable=False)
    settled = world.open(alice, bob, 1_000, start=world.time - 100)
    cancelled = world.open(alice, bob, 1_000)
    world.pass_seconds(10)
    world.core.cancel_stream(cancelled, by=alice)

    with world.refused("marketplace", "NOT_TRANSFERABLE"):
        world.marketplace.list_stream(stuck, 5_000, None, by=bob)
    for empty in (settled, cancelled):
        with world.refused("marketplace", "NOTHING_TO_SELL"):
            world.marketplace.list_stream(empty, 5_000, None, by=bob)


def test_one_listing_lives_at_a_time(world: World, stream: int, bob: Account) -> None:
    first = world.marketplace.list_stream(stream, 50_000, world.time + 10, by=bob)
    with world.refused("marketplace", "ALREADY_LISTED"):
        world.marketplace.list_stream(stream, 40_000, None, by=bob)

    world.pass_seconds(10)
    assert world.marketplace.get_live_listing(stream) is None
    second = world.marketplace.list_stream(stream, 40_000, None, by=bob)
    assert world.marketplace.get_live_listing(stream) == second
    world.marketplace.cancel_listing(second, by=bob)
    assert world.marketplace.get_live_listing(stream) is None
    assert world.marketplace.list_stream(stream, 30_000, None, by=bob) == 3
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        buy(world, world.carol, first)


def test_a_listing_dies_when_its_token_moves_and_never_lives_again(
    world: World, stream: int, bob: Account, carol: Account
) -> None:
    stale = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.obligations.transfer(stream, bob, carol, by=bob)
    world.obligations.transfer(stream, carol, bob, by=carol)

    assert world.marketplace.get_live_listing(stream) is None
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        buy(world, carol, stale)
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        world.marketplace.update_listing(stale, 60_000, by=bob)
    assert world.marketplace.list_stream(stream, 50_000, None, by=bob) == 2
    assert world.marketplace.cancel_listing(stale, by=bob) is True
    assert world.marketplace.get_live_listing(stream) == 2


# Updating and cancelling


def test_the_seller_changes_the_price_of_a_live_listing(world: World, stream: int, bob: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, world.time + 10, by=bob)

    assert world.marketplace.update_listing(listing, 1_000, by=bob) is True

    assert world.told("listing-updated") == {
        "listing-id": listing,
        "stream-id": stream,
        "seller": bob.address,
        "price": 1_000,
    }
    assert world.marketplace.get_listing(listing)["price"] == 1_000
    for wrong in (999, MAX_SATS + 1, UINT_MAX):
        with world.refused("marketplace", "PRICE_OUT_OF_RANGE"):
            world.marketplace.update_listing(listing, wrong, by=bob)
    with world.refused("marketplace", "NOT_SELLER"):
        world.marketplace.update_listing(listing, 2_000, by=world.mallory)
    with world.refused("marketplace", "UNKNOWN_LISTING"):
        world.marketplace.update_listing(99, 2_000, by=bob)
    world.pass_seconds(10)
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        world.marketplace.update_listing(listing, 2_000, by=bob)


def test_the_seller_cancels_once_even_what_has_expired(world: World, stream: int, bob: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, world.time + 10, by=bob)
    world.pass_seconds(60)
    world.access.pause(by=world.ann)

    with world.refused("marketplace", "NOT_SELLER"):
        world.marketplace.cancel_listing(listing, by=world.mallory)
    assert world.marketplace.cancel_listing(listing, by=bob) is True
    assert world.told("listing-cancelled") == {"listing-id": listing, "stream-id": stream, "seller": bob.address}
    assert world.marketplace.get_listing(listing)["status"] == "cancelled"
    with world.refused("marketplace", "LISTING_CLOSED"):
        world.marketplace.cancel_listing(listing, by=bob)
    with world.refused("marketplace", "UNKNOWN_LISTING"):
        world.marketplace.cancel_listing(99, by=bob)


# Buying


def test_a_sale_settles_the_seller_then_moves_price_and_token(
    world: World, stream: int, alice: Account, bob: Account, carol: Account
) -> None:
    listing = world.marketplace.list_stream(stream, 50_001, None, by=bob)
    world.pass_seconds(5)

    assert buy(world, carol, listing, most=50_001, least=75_000) == stream

    assert world.told("listing-sold") == {
        "listing-id": listing,
        "stream-id": stream,
        "seller": bob.address,
        "buyer": carol.address,
        "price": 50_001,
        "fee": 126,
        "settled": 25_000,
    }
    assert world.balance(carol) == FUNDS - 50_001
    assert world.balance(bob) == FUNDS + 25_000 + 50_001 - 126
    assert world.vault.get_account(world.treasury) == 100 + 126
    assert world.core.get_holder(stream) == carol.address
    assert world.marketplace.get_listing(listing)["status"] == "sold"
    assert world.marketplace.get_live_listing(stream) is None
    world.pass_seconds(75)
    assert world.core.withdraw_from_stream(stream, by=alice) == 75_000
    assert world.balance(carol) == FUNDS - 50_001 + 75_000


def test_a_sale_with_nothing_due_settles_nothing(world: World, stream: int, bob: Account, carol: Account) -> None:
    world.core.withdraw_from_stream(stream, by=bob)
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)

    buy(world, carol, listing)

    assert world.told("listing-sold")["settled"] == 0
    assert not [event for event in world.events if event.name == "stream-withdrawal"]


@pytest.mark.parametrize(("price", "fee"), [(1_000, 3), (1_200, 3), (1_201, 4), (400_000, 1_000), (400_001, 1_001)])
def test_the_fee_of_a_sale_rounds_up(
    world: World, stream: int, bob: Account, carol: Account, price: int, fee: int
) -> None:
    buy(world, carol, world.marketplace.list_stream(stream, price, None, by=bob))

    assert world.told("listing-sold")["fee"] == fee
    assert world.vault.get_account(world.treasury) == 100 + fee


def test_the_rate_is_the_one_at_listing(world: World, bob: Account, carol: Account, alice: Account) -> None:
    stream = world.open(alice, bob, 100_000, duration=1_000_000)
    before = world.marketplace.list_stream(stream, 100_000, None, by=bob)
    decided(world, "fees", 0, 0)
    world.marketplace.update_listing(before, 200_000, by=bob)

    buy(world, carol, before)
    assert world.told("listing-sold")["fee"] == 500
    after = world.marketplace.list_stream(stream, 100_000, None, by=carol)
    buy(world, bob, after)
    assert world.told("listing-sold")["fee"] == 0


def test_a_buyer_never_pays_more_than_he_said(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.marketplace.update_listing(listing, 50_001, by=bob)

    with world.refused("marketplace", "PRICE_ABOVE_MAX"):
        buy(world, carol, listing, most=50_000)
    assert buy(world, carol, listing, most=50_001) == stream


def test_a_buyer_gets_at_least_what_he_asked_for(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)

    for least in (80_001, UINT_MAX):
        with world.refused("marketplace", "TOO_LITTLE_REMAINS"):
            buy(world, carol, listing, least=least)
    assert buy(world, carol, listing, least=80_000) == stream


def test_a_buyer_may_refuse_what_the_sender_could_take_back(
    world: World, stream: int, alice: Account, bob: Account, carol: Account
) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)

    with world.refused("marketplace", "CANCELABLE"):
        buy(world, carol, listing, cancelable=False)
    world.core.renounce_cancel(stream, by=alice)
    assert buy(world, carol, listing, cancelable=False) == stream


def test_nothing_left_cannot_be_bought(world: World, stream: int, alice: Account, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.core.cancel_stream(stream, by=alice)

    assert world.marketplace.get_live_listing(stream) == listing
    with world.refused("marketplace", "NOTHING_TO_SELL"):
        buy(world, carol, listing)


def test_a_stream_that_ran_out_cannot_be_bought(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.pass_seconds(80)

    with world.refused("marketplace", "NOTHING_TO_SELL"):
        buy(world, carol, listing)
    world.core.withdraw_from_stream(stream, by=bob)
    world.core.burn_obligation(stream, by=bob)
    with world.refused("core", "NOT_HOLDER"):
        buy(world, carol, listing)


def test_nobody_buys_from_himself_or_twice(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)

    with world.refused("marketplace", "OWN_TRADE"):
        buy(world, bob, listing)
    buy(world, carol, listing)
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        buy(world, world.dave, listing)
    with world.refused("marketplace", "LISTING_CLOSED"):
        world.marketplace.cancel_listing(listing, by=bob)
    with world.refused("marketplace", "UNKNOWN_LISTING"):
        buy(world, carol, 99)


def test_a_buyer_who_is_short_buys_nothing(world: World, stream: int, bob: Account) -> None:
    listing = world.marketplace.list_stream(stream, MAX_SATS, None, by=bob)

    with world.refused("sbtc-helper", "PAYER_SHORT"):
        buy(world, world.carol, listing)


def test_an_expired_listing_cannot_be_bought(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, world.time + 10, by=bob)
    world.pass_seconds(9)
    assert world.marketplace.get_live_listing(stream) == listing
    world.pass_seconds(1)

    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        buy(world, carol, listing)


def test_listing_and_buying_are_new_business(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    world.access.pause(by=world.olga)

    with world.refused("access-control", "PAUSED"):
        world.marketplace.list_stream(stream, 50_000, None, by=bob)
    with world.refused("access-control", "PAUSED"):
        world.marketplace.update_listing(listing, 50_000, by=bob)
    with world.refused("access-control", "PAUSED"):
        buy(world, carol, listing)


def test_a_buyer_may_come_through_another_contract(world: World, stream: int, bob: Account, carol: Account) -> None:
    listing = world.marketplace.list_stream(stream, 50_000, None, by=bob)
    call = f"(contract-call? '{world.marketplace.address} purchase-stream listing u50000 u0 true)"
    world.deploy("broker", f"(define-public (buy (listing uint)) {call})", by=world.dave)

    assert world.contract("broker", by=world.dave).buy(listing, by=carol) == stream
    assert world.core.get_holder(stream) == carol.address
    assert world.balance(carol) == FUNDS - 50_000


def test_settling_for_a_sale_is_the_marketplaces_alone(world: World, stream: int, bob: Account) -> None:
    for who in (bob, world.ann, world.mallory):
        with world.refused("core", "NOT_MARKETPLACE"):
            world.core.settle_for_sale(stream, bob, by=who)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.settle_for_sale(99, bob, by=bob)
