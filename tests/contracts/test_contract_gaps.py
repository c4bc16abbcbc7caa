"""Ways through the contracts that no other test happens to take."""

import pytest
from tests.contracts.governance import decided, propose
from tests.contracts.world import FUNDS, Account, World, points, terms

MAX_SATS = 2_100_000_000_000_000
LAST_SECOND = 253_402_300_799


@pytest.fixture
def broke(world: World, alice: Account) -> Account:
    """Somebody without a sat."""
    world.sbtc.transfer(FUNDS, alice, world.erin, None, by=alice)
    return alice


@pytest.mark.parametrize("twice", ["admins", "operators"])
def test_somebody_named_twice_is_refused_wherever_he_stands(stage: World, twice: str) -> None:
    ann, ben, cleo = stage.ann, stage.ben, stage.cleo
    admins = [ann, ann, ben, cleo] if twice == "admins" else [ann]
    operators = [ben, ben, cleo] if twice == "operators" else []

    with stage.refused("access-control", "ALREADY_ADMIN" if twice == "admins" else "ALREADY_OPERATOR"):
        stage.access.finalize(admins, 1, operators, by=stage.deployer)
    assert stage.access.get_admins() == []
    assert not stage.access.is_finalized()


def test_who_has_too_little_opens_nothing(world: World, broke: Account, bob: Account) -> None:
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.core.create_stream(bob, 1_000, 10, by=broke)
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.core.open_curve_stream(bob, 1_000, "seconds", None, points((9, 1_000)), terms(), by=broke)
    assert world.core.get_stream_count() == 0


def test_without_a_fee_the_seller_gets_the_whole_price(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    decided(world, "fees", 0, 0)
    stream = world.open(alice, bob, 100_000)
    offer = world.marketplace.make_offer(stream, 5_000, 1, True, world.time + 60, by=carol)

    world.marketplace.accept_offer(offer, by=bob)

    assert world.told("offer-accepted")["fee"] == 0
    assert world.balance(bob) == FUNDS + 5_000
    assert world.treasury.get_balance() == 0


@pytest.mark.parametrize(("bps", "price", "fee"), [(1, 10_000, 1), (1, 10_001, 2), (500, 1_000, 50)])
def test_the_fee_of_an_accepted_offer_is_rounded_up_to_a_sat(
    world: World, alice: Account, bob: Account, carol: Account, bps: int, price: int, fee: int
) -> None:
    decided(world, "fees", 0, bps)
    offer = world.marketplace.make_offer(world.open(alice, bob, 100_000), price, 1, True, world.time + 60, by=carol)

    world.marketplace.accept_offer(offer, by=bob)

    assert world.told("offer-accepted")["fee"] == fee
    assert world.balance(bob) == FUNDS + price - fee
    assert world.treasury.get_balance() == fee


def test_an_offer_may_last_until_the_last_second_that_a_date_can_name(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    with world.refused("marketplace", "EXPIRY_OUT_OF_RANGE"):
        world.marketplace.make_offer(stream, 1_000, 1, True, LAST_SECOND + 1, by=carol)
    offer = world.marketplace.make_offer(stream, 1_000, 1, True, LAST_SECOND, by=carol)
    assert world.marketplace.get_offer(offer)["expires-at"] == LAST_SECOND


def test_all_the_sats_there_will_ever_be_are_within_bounds(world: World, alice: Account, bob: Account) -> None:
    offer = world.marketplace.make_offer(
        world.open(alice, bob, 1_000), 1_000, MAX_SATS, True, world.time + 60, by=alice
    )
    assert world.marketplace.get_offer(offer)["min-remaining"] == MAX_SATS
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.core.create_stream(bob, MAX_SATS, 10, by=alice)
    for proposal in (propose(world, "withdrawal", world.erin, MAX_SATS, ""), propose(world, "limit", MAX_SATS)):
        assert world.treasury.get_proposal(proposal)["value"] == MAX_SATS


def test_as_many_as_there_can_be_admins_may_be_needed(world: World) -> None:
    assert world.treasury.get_proposal(propose(world, "threshold", 10))["value"] == 10


def test_a_listing_from_before_a_round_trip_gives_way_to_a_newer_one(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    old = world.marketplace.list_stream(stream, 5_000, None, by=bob)
    world.obligations.transfer(stream, bob, carol, by=bob)
    world.obligations.transfer(stream, carol, bob, by=carol)
    new = world.marketplace.list_stream(stream, 9_000, None, by=bob)

    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        world.marketplace.purchase_stream(old, 5_000, 1, True, by=carol)
    with world.refused("marketplace", "LISTING_NOT_LIVE"):
        world.marketplace.update_listing(old, 6_000, by=bob)
    assert world.marketplace.get_live_listing(stream) == new


def test_the_simple_call_takes_blocks_without_end(world: World, alice: Account, bob: Account) -> None:
    longest = 1 << 40  # MAX_TICKS, far beyond the last second that a date can name
    stream = world.core.create_stream(bob, 1_000, longest, by=alice)
    assert world.core.get_stream(stream)["end"] == world.height + longest


def test_the_last_sat_can_still_be_given_up_and_added_to(world: World, alice: Account, bob: Account) -> None:
    given_up, longer = (world.open(alice, bob, 100) for _ in range(2))
    world.pass_seconds(99)
    assert world.core.get_remaining_amount(given_up) == 1

    world.core.renounce_cancel(given_up, by=alice)
    world.core.top_up_stream(longer, 100, by=alice)
    with world.refused("core", "NOT_CANCELABLE"):
        world.core.cancel_stream(given_up, by=alice)
    assert world.core.get_remaining_amount(longer) == 101
