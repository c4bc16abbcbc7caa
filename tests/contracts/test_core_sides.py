"""The sender's side changing hands, and the end of the holder's token."""

from tests.contracts.world import Account, World


def test_the_senders_side_moves_when_the_new_sender_accepts(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000)

    assert world.core.propose_sender(stream, carol, by=alice) is True
    assert world.told("sender-proposed") == {
        "stream-id": stream,
        "sender": alice.address,
        "new-sender": carol.address,
    }
    assert world.core.get_proposed_sender(stream) == carol.address
    assert world.core.get_stream(stream)["sender"] == alice.address

    assert world.core.accept_sender(stream, by=carol) is True
    assert world.told("sender-changed") == {
        "stream-id": stream,
        "old-sender": alice.address,
        "new-sender": carol.address,
    }
    assert world.core.get_proposed_sender(stream) is None
    assert world.core.get_stream(stream)["sender"] == carol.address
    assert world.core.get_stream(stream)["payer"] == alice.address
    with world.refused("core", "NOT_SENDER"):
        world.core.cancel_stream(stream, by=alice)
    assert world.core.cancel_stream(stream, by=carol) == {"refunded": 1_000, "vested": 0}
    assert world.balance(carol) == world.balance(world.dave) + 1_000


def test_nobody_becomes_sender_unasked_or_twice(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    with world.refused("core", "NOT_PROPOSED_SENDER"):
        world.core.accept_sender(stream, by=carol)
    world.core.propose_sender(stream, carol, by=alice)
    for other in (alice, bob, world.mallory):
        with world.refused("core", "NOT_PROPOSED_SENDER"):
            world.core.accept_sender(stream, by=other)
    world.core.accept_sender(stream, by=carol)
    with world.refused("core", "NOT_PROPOSED_SENDER"):
        world.core.accept_sender(stream, by=carol)


def test_a_proposal_can_be_replaced_and_withdrawn(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.core.propose_sender(stream, carol, by=alice)
    world.core.propose_sender(stream, world.dave, by=alice)
    with world.refused("core", "NOT_PROPOSED_SENDER"):
        world.core.accept_sender(stream, by=carol)

    world.core.propose_sender(stream, None, by=alice)

    assert world.told("sender-proposed")["new-sender"] is None
    with world.refused("core", "NOT_PROPOSED_SENDER"):
        world.core.accept_sender(stream, by=world.dave)
    with world.refused("core", "NOTHING_PROPOSED"):
        world.core.propose_sender(stream, None, by=alice)


def test_only_the_sender_proposes(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    with world.refused("core", "NOT_SENDER"):
        world.core.propose_sender(stream, bob, by=bob)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.propose_sender(99, bob, by=alice)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.accept_sender(99, by=bob)


def test_a_former_sender_has_no_say(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.core.propose_sender(stream, carol, by=alice)
    world.core.accept_sender(stream, by=carol)

    for call in (world.core.cancel_stream, world.core.renounce_cancel):
        with world.refused("core", "NOT_SENDER"):
            call(stream, by=alice)
    with world.refused("core", "NOT_SENDER"):
        world.core.propose_sender(stream, alice, by=alice)
    with world.refused("core", "NOT_SENDER"):
        world.core.top_up_stream(stream, 1_000, by=alice)


def test_the_holder_burns_the_token_of_a_depleted_stream(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, duration=10)
    with world.refused("core", "NOT_DEPLETED"):
        world.core.burn_obligation(stream, by=bob)
    world.pass_seconds(10)
    with world.refused("core", "NOT_DEPLETED"):
        world.core.burn_obligation(stream, by=bob)
    world.core.withdraw_from_stream(stream, by=bob)
    for other in (alice, world.mallory):
        with world.refused("core", "NOT_HOLDER"):
            world.core.burn_obligation(stream, by=other)

    assert world.core.burn_obligation(stream, by=bob) is True

    assert world.told("obligation-burned") == {"stream-id": stream, "holder": bob.address}
    assert world.core.get_holder(stream) is None
    assert world.core.get_status(stream) == "depleted"
    with world.refused("core", "NOT_HOLDER"):
        world.core.burn_obligation(stream, by=bob)
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.burn_obligation(99, by=bob)
