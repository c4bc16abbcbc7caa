from pathlib import Path

import pytest

from bitpay.localchain.vm import GENESIS_TIME, SBTC, Call, Deployment, Transfer, Vm, VmBroken, VmRefused
from bitpay.stacks.clarity import NONE, TRUE, err, list_, ok, principal, tuple_, uint

ALICE = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
BOB = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"
COUNTER = """
(define-data-var owner principal tx-sender)
(define-data-var count uint u0)
(define-map visits principal uint)
(define-read-only (get-owner) (var-get owner))
(define-read-only (clock) {time: stacks-block-time, height: stacks-block-height, burn: burn-block-height})
(define-public (increment (by uint))
  (begin
    (map-set visits tx-sender by)
    (var-set count (+ (var-get count) by))
    (print {event: "increment", by: by, time: stacks-block-time})
    (ok (var-get count))))
(define-public (refuse) (begin (var-set count u999) (err u7)))
(define-public (panic) (begin (var-set count u999) (ok (- u0 u1))))
"""
COUNTER_ID = f"{ALICE}.counter"


@pytest.fixture
def counter(vm: Vm) -> Vm:
    assert vm.deploy("counter", COUNTER, ALICE).succeeded
    return vm


def test_a_chain_starts_exactly_when_told(vm: Vm) -> None:
    assert (vm.height, vm.time, vm.burn_height) == (1, GENESIS_TIME, 1)


def test_a_contract_belongs_to_who_deployed_it(counter: Vm) -> None:
    assert counter.read(COUNTER_ID, "get-owner").value == principal(ALICE)
    assert counter.source(COUNTER_ID) == COUNTER


def test_a_block_has_the_time_it_was_given(counter: Vm) -> None:
    counter.mine(time=GENESIS_TIME + 1_000)
    counter.mine(time=GENESIS_TIME + 1_001)
    clock = {"burn": uint(1), "height": uint(4), "time": uint(GENESIS_TIME + 1_001)}
    assert counter.read(COUNTER_ID, "clock").value == tuple_(clock)


def test_a_burn_block_comes_when_asked_for(counter: Vm) -> None:
    counter.mine(time=GENESIS_TIME + 5_000, burn=True)
    assert (counter.time, counter.burn_time) == (GENESIS_TIME + 5_000, GENESIS_TIME + 4_999)
    clock = {"burn": uint(2), "height": uint(3), "time": uint(GENESIS_TIME + 5_000)}
    assert counter.read(COUNTER_ID, "clock").value == tuple_(clock)


def test_time_never_stands_still(counter: Vm) -> None:
    before = counter.height
    with pytest.raises(VmRefused, match="after its parent's"):
        counter.mine(time=counter.time)
    assert counter.height == before


def test_a_call_returns_its_result_and_events(counter: Vm) -> None:
    outcome = counter.call(COUNTER_ID, "increment", [uint(5)], BOB)
    assert outcome.value == ok(uint(5))
    [printed] = outcome.printed(COUNTER_ID)
    assert printed == outcome.events[0].value
    assert counter.data_var(COUNTER_ID, "count") == bytes.fromhex("01" + "00" * 15 + "05")
    assert counter.map_entry(COUNTER_ID, "visits", principal(BOB)) == bytes.fromhex("0a01" + "00" * 15 + "05")
    assert counter.map_entry(COUNTER_ID, "visits", principal(ALICE)) is None
    assert counter.data_var(COUNTER_ID, "nothing") is None


def test_a_failure_leaves_the_others_of_its_block(counter: Vm) -> None:
    increment = Call(COUNTER_ID, "increment", [uint(1)], ALICE)
    outcomes = counter.mine(
        [increment, Call(COUNTER_ID, "panic", [], ALICE), increment, Call(COUNTER_ID, "refuse", [], ALICE), increment]
    )
    assert [outcome.succeeded for outcome in outcomes] == [True, False, True, False, True]
    assert outcomes[1].error is not None
    assert "ArithmeticUnderflow" in outcomes[1].error
    assert outcomes[3].value == err(uint(7))
    assert outcomes[4].value == ok(uint(3))


def test_contracts_and_calls_share_a_block(vm: Vm) -> None:
    before = vm.height
    deployed, called, broken = vm.mine(
        [
            Deployment("counter", COUNTER, ALICE),
            Call(COUNTER_ID, "increment", [uint(2)], BOB),
            Deployment("broken", "(define-public (f) (ok (g)))", ALICE),
        ]
    )
    assert deployed.succeeded
    assert called.value == ok(uint(2))
    assert broken.error is not None
    assert "use of unresolved function 'g'" in broken.error
    assert vm.height == before + 1


def test_an_attempt_changes_nothing(counter: Vm) -> None:
    call = Call(COUNTER_ID, "increment", [uint(2)], BOB)
    counter.open_block(counter.time + 1)
    assert counter.attempt(call).value == ok(uint(2))
    assert counter.attempt(call).value == ok(uint(2))
    assert counter.run([call])[0].value == ok(uint(2))
    assert counter.run([call])[0].value == ok(uint(4))


def test_a_read_changes_nothing_whatever_it_calls(counter: Vm) -> None:
    assert counter.read(COUNTER_ID, "increment", [uint(9)]).value == ok(uint(9))
    assert counter.read(COUNTER_ID, "increment", [uint(9)]).value == ok(uint(9))


def test_money_can_be_minted_and_sent(vm: Vm) -> None:
    vm.mint_stx(ALICE, 1_000_000)
    vm.mint_ft(ALICE, 5_000)
    [sent] = vm.mine([Transfer(400_000, BOB, ALICE, b"rent")])
    assert sent.value == ok(TRUE)
    assert sent.events[0].data["memo"] == b"rent".hex()
    [moved] = vm.mine([Call(SBTC, "transfer", [uint(2_000), principal(ALICE), principal(BOB), NONE], ALICE)])
    assert moved.succeeded
    assert (vm.stx_balance(ALICE), vm.stx_balance(BOB)) == (600_000, 400_000)
    assert (vm.sbtc_balance(ALICE), vm.sbtc_balance(BOB)) == (3_000, 2_000)
    [event] = moved.events
    assert (event.kind, event.asset, event.amount) == ("ft_transfer", f"{SBTC}::sbtc-token", 2_000)


def test_an_interface_is_known_for_every_contract(counter: Vm) -> None:
    interface = counter.interface(COUNTER_ID)
    assert interface is not None
    assert {function["name"] for function in interface["functions"]} >= {"increment", "clock"}
    sbtc = counter.interface(SBTC)
    assert sbtc is not None
    assert {"name": "sbtc-token"} in sbtc["fungible_tokens"]
    assert counter.interface(f"{ALICE}.nothing") is None
    assert counter.source(f"{ALICE}.nothing") is None


def test_bad_arguments_never_reach_the_vm(counter: Vm) -> None:
    with pytest.raises(VmRefused, match="not a Clarity value"):
        counter.call(COUNTER_ID, "increment", [b"\xff"], ALICE)
    with pytest.raises(VmRefused, match="not an address"):
        counter.call(COUNTER_ID, "increment", [uint(1)], "nobody")
    with pytest.raises(VmRefused, match="is a contract"):
        counter.mint_stx(COUNTER_ID, 1)
    assert counter.call(COUNTER_ID, "nothing", [], ALICE).error is not None
    assert counter.call(f"{ALICE}.nothing", "f", [], ALICE).error is not None
    assert counter.call(COUNTER_ID, "increment", [], ALICE).error is not None
    assert counter.call(COUNTER_ID, "increment", [list_([])], ALICE).error is not None


def test_the_same_calls_make_the_same_chain(vm: Vm) -> None:
    def story() -> list[object]:
        vm.deploy("counter", COUNTER, ALICE)
        return [vm.call(COUNTER_ID, "increment", [uint(n)], BOB) for n in range(5)]

    with vm.undone():
        first = story()
    assert story() == first


def test_a_snapshot_can_be_restored_again_and_again(counter: Vm) -> None:
    number = counter.snapshot()
    height, memory = counter.height, 0
    for round_ in range(40):
        for _ in range(10):
            counter.call(COUNTER_ID, "increment", [uint(1)], BOB)
        assert counter.call(COUNTER_ID, "increment", [uint(1)], BOB).value == ok(uint(11))
        counter.restore(number)
        assert counter.height == height
        assert round_ == 0 or counter.memory == memory, "the memory grows with every restore"
        memory = counter.memory
    with pytest.raises(VmRefused, match="no snapshot"):
        counter.restore(4_711)


def test_a_snapshot_file_continues_in_another_process(counter: Vm, tmp_path: Path) -> None:
    path = tmp_path / "state"
    counter.call(COUNTER_ID, "increment", [uint(3)], BOB)
    counter.save(path)
    while not counter.saved(path):
        pass
    with Vm.start() as other:
        other.load(path)
        assert (other.height, other.time) == (counter.height, counter.time)
        outcome = other.call(COUNTER_ID, "increment", [uint(4)], ALICE)
        assert outcome == counter.call(COUNTER_ID, "increment", [uint(4)], ALICE)
        assert outcome.value == ok(uint(7))
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(VmRefused):
            other.load(path)
        assert other.read(COUNTER_ID, "get-owner").succeeded


def test_costs_are_counted_when_asked_for() -> None:
    with Vm.start(track_costs=True) as vm:
        vm.deploy("counter", COUNTER, ALICE)
        cost = vm.call(COUNTER_ID, "increment", [uint(3)], BOB).cost
        assert cost is not None
        assert (cost.write_count, cost.runtime > 0) == (2, True)


def test_a_panicking_vm_says_so_and_is_mended_by_a_restore(counter: Vm) -> None:
    number = counter.snapshot()
    no_value = ("call", {"contract": COUNTER_ID, "method": "increment", "args": ["ff"], "sender": BOB})
    [first, second] = counter._channel.ask([no_value, ("status", {})])
    assert "panicked" in first["broken"]
    assert first == second
    with pytest.raises(VmBroken):
        counter.read(COUNTER_ID, "get-owner")
    counter.restore(number)
    assert counter.call(COUNTER_ID, "increment", [uint(3)], BOB).value == ok(uint(3))


def test_a_vm_whose_process_died_says_so() -> None:
    import os
    import signal

    with Vm.start() as vm:
        os.kill(vm.pid, signal.SIGKILL)
        vm._channel._process.wait()
        with pytest.raises(VmBroken, match="does not answer"):
            vm.read(SBTC, "get-name")
