from tests.contracts.world import Account, World


def test_a_linear_stream_pays_second_by_second(world: World, alice: Account, bob: Account) -> None:
    before = world.balance(bob)
    stream = world.open(alice, bob, 1_000, duration=100)

    world.pass_seconds(40)

    assert world.core.withdraw_from_stream(stream, by=bob) == 400
    assert world.balance(bob) == before + 400
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)
