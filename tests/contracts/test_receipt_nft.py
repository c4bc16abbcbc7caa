from tests.contracts.world import Account, World


def test_nobody_has_a_receipt_for_what_is_not_paid(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    assert world.receipts.get_last_token_id() == 0
    assert world.receipts.get_receipt(stream) is None
    assert world.receipts.get_owner(stream) is None


def test_a_receipt_cannot_be_transferred(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000, start=world.time - 100)
    world.core.withdraw_from_stream(stream, by=bob)

    for who in (bob, carol, alice):
        with world.refused("nft", "NOT_TRANSFERABLE"):
            world.receipts.transfer(stream, bob, carol, by=who)
    with world.refused("nft", "NOT_TRANSFERABLE"):
        world.receipts.transfer(99, carol, bob, by=carol)


def test_the_last_id_is_the_highest_whatever_the_order(world: World, alice: Account, bob: Account) -> None:
    first, second, third = (world.open(alice, bob, 1_000, start=world.time - 100) for _ in range(3))

    for stream, last in [(second, second), (first, second), (third, third)]:
        world.core.withdraw_from_stream(stream, by=bob)
        assert world.receipts.get_last_token_id() == last


def test_only_core_issues_receipts_and_one_for_each_stream(stage: World, alice: Account, bob: Account) -> None:
    receipt = (1, bob, alice, 1_000, 5, 9)

    for mint in (stage.receipts.mint, stage.marketplace.nft_mint, stage.treasury.nft_mint):
        with stage.refused("nft", "NOT_CORE"):
            mint(*receipt, by=alice)
    stage.core.nft_mint(*receipt, by=alice)
    assert stage.receipts.get_receipt(1) == {"payer": alice.address, "paid": 1_000, "start": 5, "end": 9}
    with stage.refused("nft", "ALREADY_MINTED"):
        stage.core.nft_mint(*receipt, by=alice)
