"""What other contracts can build on ours: every answer has a type that Clarity lets them work with."""

from tests.contracts.world import FUNDS, Account, World, points, terms


def test_a_router_works_with_a_batchs_answer(world: World, alice: Account, bob: Account) -> None:
    core = f"'{world.core.address}"
    body = f"""
        (define-public (settle (paid (list 50 uint)) (ended (list 50 uint)))
          (let ((payments (try! (contract-call? {core} withdraw-many paid)))
                (refunds (try! (contract-call? {core} cancel-many ended))))
            (ok {{ paid: (len (filter was-paid payments)), ended: (len refunds) }})))
        (define-private (was-paid (payment (response uint uint))) (is-ok payment))
    """
    world.deploy("router", body, by=world.dave)
    router = world.contract("router", by=world.dave)
    streams = [world.open(alice, bob, 1_000) for _ in range(2)]
    world.pass_seconds(10)

    assert router.settle([*streams, 99], [], by=alice) == {"paid": 2, "ended": 0}
    assert router.settle([], [99] * 50, by=alice) == {"paid": 0, "ended": 50}
    assert world.balance(bob) == FUNDS + 2 * 100


def test_a_router_opens_the_same_curve_again(world: World, alice: Account, bob: Account) -> None:
    core = f"'{world.core.address}"
    body = f"""
        (define-public (again (id uint) (recipient principal) (amount uint))
          (let ((schedule (unwrap! (contract-call? {core} get-schedule id) (err u0))))
            (contract-call? {core} open-curve-stream recipient amount (get clock schedule) none (get points schedule)
              {{ cancelable: true, transferable: true, memo: u"" }})))
    """
    world.deploy("router", body, by=world.dave)
    way = points(*((number, number * 10) for number in range(1, 25)))
    first = world.core.open_curve_stream(bob, 240, "seconds", None, way, terms(), by=alice)

    again = world.contract("router", by=world.dave).again(first, bob, 240, by=alice)

    assert world.core.get_schedule(again)["points"] == world.core.get_schedule(first)["points"] == way
