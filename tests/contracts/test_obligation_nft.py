import pytest
from tests.contracts.world import Account, World

from bitpay.stacks.clarity import UINT_MAX


def test_a_new_stream_has_a_token_of_its_number(world: World, alice: Account, bob: Account) -> None:
    assert world.obligations.get_last_token_id() == 0

    stream = world.open(alice, bob, 1_000)

    assert world.obligations.get_last_token_id() == stream
    assert world.obligations.get_owner(stream) == bob.address
    assert world.obligations.get_holder(stream) == bob.address
    assert world.obligations.get_moves(stream) == 0
    assert world.obligations.is_transferable(stream) is True
    assert world.obligations.get_title(stream) == {"holder": bob.address, "moves": 0}
    assert world.obligations.get_owner(stream + 1) is None


@pytest.mark.parametrize("collection", ["obligations", "receipts"])
def test_the_token_uri_holds_the_place_of_the_id(world: World, collection: str) -> None:
    uri = getattr(world, collection).get_token_uri(7)

    assert "{id}" in uri
    assert uri.startswith("data:application/json,")
    assert uri == getattr(world, collection).get_token_uri(8)


def test_the_holder_transfers_and_every_transfer_is_counted(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000)

    assert world.obligations.transfer(stream, bob, carol, by=bob) is True
    assert world.told("obligation-transferred") == {
        "stream-id": stream,
        "from": bob.address,
        "to": carol.address,
        "moves": 1,
    }
    world.obligations.transfer(stream, carol, bob, by=carol)
    world.core.withdraw_and_transfer(stream, carol, by=bob)

    assert world.obligations.get_moves(stream) == 3
    assert world.core.get_holder(stream) == carol.address


def test_nobody_transfers_what_another_holds(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    with world.refused("obligation-nft", "NOT_OWN_CALL"):
        world.obligations.transfer(stream, bob, carol, by=carol)
    with world.refused("obligation-nft", "NOT_HOLDER"):
        world.obligations.transfer(stream, carol, alice, by=carol)
    for unknown in (0, 2, UINT_MAX):
        with world.refused("obligation-nft", "NOT_HOLDER"):
            world.obligations.transfer(unknown, bob, carol, by=bob)
    with world.refused("obligation-nft", "SAME_HOLDER"):
        world.obligations.transfer(stream, bob, bob, by=bob)
    with world.refused("obligation-nft", "VAULT_AS_RECIPIENT"):
        world.obligations.transfer(stream, bob, world.vault, by=bob)


def test_what_is_not_transferable_stays(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000, transferable=False)

    assert world.obligations.is_transferable(stream) is False
    assert world.obligations.get_title(stream) == {"holder": bob.address, "moves": None}
    assert world.obligations.get_moves(stream) == 0
    with world.refused("obligation-nft", "NOT_TRANSFERABLE"):
        world.obligations.transfer(stream, bob, carol, by=bob)


def test_a_paused_bitpay_lets_tokens_move(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.access.pause(by=world.ben)

    assert world.obligations.transfer(stream, bob, carol, by=bob) is True


# What core and marketplace are trusted with, tried with stand-ins


def test_only_core_mints_and_burns(stage: World, alice: Account, bob: Account) -> None:
    for nobody in (stage.marketplace, stage.treasury):
        with stage.refused("obligation-nft", "NOT_CORE"):
            nobody.obligation_nft_mint(1, bob, True, by=alice)
        with stage.refused("obligation-nft", "NOT_CORE"):
            nobody.obligation_nft_burn(1, bob, by=alice)
    with stage.refused("obligation-nft", "NOT_CORE"):
        stage.obligations.mint(1, bob, True, by=alice)
    with stage.refused("obligation-nft", "NOT_CORE"):
        stage.obligations.burn(1, bob, by=alice)

    stage.core.obligation_nft_mint(1, bob, True, by=alice)
    with stage.refused("obligation-nft", "ALREADY_MINTED"):
        stage.core.obligation_nft_mint(1, alice, True, by=alice)
    with stage.refused("obligation-nft", "NOT_HOLDER"):
        stage.core.obligation_nft_burn(1, alice, by=alice)
    stage.core.obligation_nft_burn(1, bob, by=alice)
    assert stage.obligations.get_owner(1) is None


def test_only_core_and_marketplace_move(stage: World, alice: Account, bob: Account, carol: Account) -> None:
    stage.core.obligation_nft_mint(1, bob, True, by=alice)
    stage.core.obligation_nft_mint(2, bob, False, by=alice)

    for move in (stage.obligations.move, stage.treasury.obligation_nft_move):
        with stage.refused("obligation-nft", "NOT_MOVER"):
            move(1, bob, carol, by=bob)
    stage.core.obligation_nft_move(1, bob, carol, by=alice)
    stage.marketplace.obligation_nft_move(1, carol, bob, by=alice)
    assert stage.obligations.get_moves(1) == 2
    for mover in (stage.core, stage.marketplace):
        with stage.refused("obligation-nft", "NOT_HOLDER"):
            mover.obligation_nft_move(1, carol, alice, by=alice)
        with stage.refused("obligation-nft", "NOT_TRANSFERABLE"):
            mover.obligation_nft_move(2, bob, carol, by=bob)


def test_a_contract_may_transfer_what_it_holds_itself(stage: World, alice: Account, bob: Account) -> None:
    stage.core.obligation_nft_mint(1, stage.treasury, True, by=alice)

    with stage.refused("obligation-nft", "NOT_OWN_CALL"):
        stage.obligations.transfer(1, stage.treasury, bob, by=alice)
    stage.treasury.obligation_nft_transfer(1, stage.treasury, bob, by=alice)
    assert stage.obligations.get_owner(1) == bob.address
