import pytest
from tests.contracts.world import FUNDS, Account, Refusal, World, points, terms

from bitpay.stacks.clarity import UINT_MAX


def test_a_linear_stream_pays_second_by_second(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, duration=100)

    world.pass_seconds(40)

    assert world.core.get_withdrawable_amount(stream) == 400
    assert world.core.withdraw_from_stream(stream, by=bob) == 400
    assert world.balance(bob) == FUNDS + 400
    assert world.core.get_stream(stream)["withdrawn"] == 400
    assert world.told("stream-withdrawal") == {
        "stream-id": stream,
        "holder": bob.address,
        "to": bob.address,
        "amount": 400,
        "withdrawn": 400,
        "by": bob.address,
        "depleted": False,
    }


def test_a_stream_in_blocks_counts_blocks_whatever_the_time(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, clock="blocks", duration=10)

    world.pass_seconds(1_000_000)
    assert world.core.withdraw_from_stream(stream, by=bob) == 100
    world.pass_blocks(2)
    assert world.core.withdraw_from_stream(stream, by=bob) == 200


def test_nothing_due_is_refused(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, start=world.time + 10)

    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_to(stream, None, bob, by=bob)
    world.pass_seconds(20)
    world.core.withdraw_from_stream(stream, by=bob)
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)


@pytest.mark.parametrize("stream", [0, 2, UINT_MAX])
def test_there_is_nothing_to_take_from_no_stream(world: World, alice: Account, bob: Account, stream: int) -> None:
    world.open(alice, bob, 1_000)

    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.withdraw_from_stream(stream, by=bob)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.withdraw_to(stream, 1, bob, by=bob)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.withdraw_and_transfer(stream, alice, by=bob)


def test_anyone_may_pay_the_holder_what_is_due(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(30)

    assert world.core.withdraw_from_stream(stream, by=world.mallory) == 300
    assert world.balance(bob) == FUNDS + 300
    assert world.balance(world.mallory) == FUNDS
    assert world.told("stream-withdrawal")["by"] == world.mallory.address


def test_whoever_holds_the_token_is_paid(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(30)
    world.obligations.transfer(stream, bob, carol, by=bob)

    world.core.withdraw_from_stream(stream, by=bob)

    assert (world.balance(bob), world.balance(carol)) == (FUNDS, FUNDS + 300)
    with world.refused("core", "NOT_HOLDER"):
        world.core.withdraw_to(stream, None, bob, by=bob)


def test_withdrawing_in_parts_pays_what_one_withdrawal_would(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_001, duration=97)

    paid = 0
    for _ in range(97):
        world.pass_seconds(1)
        paid += world.core.withdraw_from_stream(stream, by=bob)

    assert paid == 1_001
    assert world.core.get_status(stream) == "depleted"
    assert world.vault.get_account(world.core) == 0


def test_the_holder_takes_a_part_to_wherever_he_likes(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(50)

    assert world.core.withdraw_to(stream, 120, carol, by=bob) == 120
    assert world.balance(carol) == FUNDS + 120
    assert world.told("stream-withdrawal") == {
        "stream-id": stream,
        "holder": bob.address,
        "to": carol.address,
        "amount": 120,
        "withdrawn": 120,
        "by": bob.address,
        "depleted": False,
    }
    assert world.core.withdraw_to(stream, None, carol, by=bob) == 380
    assert world.core.get_withdrawable_amount(stream) == 0


def test_only_what_is_due_can_be_taken(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(50)
    world.core.withdraw_to(stream, 100, bob, by=bob)

    for too_much in (401, UINT_MAX):
        with world.refused("core", "MORE_THAN_DUE"):
            world.core.withdraw_to(stream, too_much, bob, by=bob)
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_to(stream, 0, bob, by=bob)
    with world.refused("sbtc-helper", "VAULT_AS_RECIPIENT"):
        world.core.withdraw_to(stream, None, world.vault, by=bob)
    assert world.core.withdraw_to(stream, 400, bob, by=bob) == 400


def test_taking_what_is_due_and_handing_on_the_rest(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(50)

    assert world.core.withdraw_and_transfer(stream, carol, by=bob) == 500
    assert world.balance(bob) == FUNDS + 500
    assert world.core.get_holder(stream) == carol.address
    assert world.told("obligation-transferred") == {
        "stream-id": stream,
        "from": bob.address,
        "to": carol.address,
        "moves": 1,
    }
    assert world.core.withdraw_and_transfer(stream, alice, by=carol) == 0
    assert world.core.get_holder(stream) == alice.address


def test_handing_on_has_the_rules_of_the_token(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stuck = world.open(alice, bob, 1_000, transferable=False)
    free = world.open(alice, bob, 1_000)
    world.pass_seconds(50)

    with world.refused("obligation-nft", "NOT_TRANSFERABLE"):
        world.core.withdraw_and_transfer(stuck, carol, by=bob)
    with world.refused("obligation-nft", "VAULT_AS_RECIPIENT"):
        world.core.withdraw_and_transfer(free, world.vault, by=bob)
    with world.refused("obligation-nft", "SAME_HOLDER"):
        world.core.withdraw_and_transfer(free, bob, by=bob)
    with world.refused("core", "NOT_HOLDER"):
        world.core.withdraw_and_transfer(free, carol, by=alice)


def test_the_last_withdrawal_depletes_and_leaves_a_receipt(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, duration=10)
    end = world.time + 10
    world.pass_seconds(4)
    world.core.withdraw_from_stream(stream, by=bob)
    assert world.receipts.get_receipt(stream) is None

    world.pass_seconds(1_000)
    assert world.core.withdraw_from_stream(stream, by=bob) == 600

    assert world.told("stream-withdrawal")["depleted"]
    receipt = {"payer": alice.address, "paid": 1_000, "start": end - 10, "end": end}
    assert world.told("receipt-minted") == {"stream-id": stream, "holder": bob.address, **receipt}
    assert world.receipts.get_receipt(stream) == receipt
    assert world.receipts.get_owner(stream) == bob.address
    assert world.core.get_status(stream) == "depleted"
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)


def test_a_receipt_names_who_paid_even_when_the_senders_side_has_moved(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000, duration=10)
    world.core.propose_sender(stream, carol, by=alice)
    world.core.accept_sender(stream, by=carol)
    world.obligations.transfer(stream, bob, world.dave, by=bob)
    world.pass_seconds(10)

    world.core.withdraw_from_stream(stream, by=world.erin)

    assert world.receipts.get_receipt(stream)["payer"] == alice.address
    assert world.receipts.get_owner(stream) == world.dave.address


def test_a_payment_to_someone_else_that_depletes_leaves_the_receipt_with_the_holder(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000, duration=10)
    world.pass_seconds(10)
    world.core.withdraw_to(stream, None, carol, by=bob)

    assert world.receipts.get_owner(stream) == bob.address
    assert world.core.get_status(stream) == "depleted"


# Batches


def test_many_withdrawals_fail_and_succeed_one_by_one(world: World, alice: Account, bob: Account) -> None:
    first = world.open(alice, bob, 1_000)
    future = world.open(alice, bob, 1_000, start=world.time + 1_000)
    second = world.core.open_curve_stream(bob, 500, "seconds", None, points((50, 500)), terms(), by=alice)
    world.pass_seconds(50)

    paid = world.core.withdraw_many([first, future, 99, second, first], by=world.mallory)

    assert paid == [500, Refusal(518), Refusal(500), 500, Refusal(518)]
    assert world.balance(bob) == FUNDS + 1_000
    assert [event.fields["stream-id"] for event in world.events if event.name == "stream-withdrawal"] == [first, second]


def test_an_empty_batch_of_withdrawals_is_fine(world: World) -> None:
    assert world.core.withdraw_many([], by=world.mallory) == []
