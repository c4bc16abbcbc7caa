import errno
import os
import signal
from pathlib import Path

import pytest
from tests.localchain.accounts import Account, account
from tests.localchain.conftest import GENESIS_TIME, OpenChain, Wall
from tests.localchain.contracts import COUNTER

from bitpay.kit.errors import InvalidInput
from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Change, MinedTransaction
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.journal import Journal, JournalDamaged, JournalInUse, JournalUnwritable
from bitpay.localchain.rejections import Rejected, Undecodable
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, Tuple, principal, uint
from bitpay.stacks.model import TransactionStatus
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, contract_call, sign

PEER = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG"


def counter_of(owner: Account) -> str:
    return f"{owner.address}.counter"


@pytest.fixture
def counter(chain: Chain, alice: Account) -> Chain:
    chain.submit(alice.deploy("counter", COUNTER))
    assert chain.mine().transactions[0].succeeded
    return chain


def reason(chain: Chain, raw: bytes) -> tuple[str, dict[str, object]]:
    with pytest.raises(Rejected) as caught:
        chain.submit(raw)
    return caught.value.reason, caught.value.data or {}


def test_a_signed_call_gets_into_a_block(counter: Chain, alice: Account, changes: list[Change]) -> None:
    txid = counter.submit(alice.call(counter_of(alice), "increment", [uint(5)]))
    assert [one.txid for one in counter.mempool] == [txid]
    block = counter.mine()
    [mined] = block.transactions
    assert (mined.txid, mined.status, mined.result.hex()[-2:]) == (txid, TransactionStatus.SUCCESS, "05")
    assert [event.kind for event in mined.events] == ["contract_log"]
    assert not len(counter.mempool)
    assert changes[-1] == Change((), (block,))
    assert counter.archive.transaction(txid) is not None


def test_a_block_can_be_read_while_it_is_added(counter: Chain, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread answers requests while another makes blocks."""
    seen: list[str] = []
    count = Archive._count

    def look_and_count(archive: Archive, mined: MinedTransaction, step: int) -> None:
        found = archive.transaction(mined.txid)
        seen.append(found.mined.txid if found else "")
        count(archive, mined, step)

    monkeypatch.setattr(Archive, "_count", look_and_count)
    txid = counter.submit(alice.call(counter_of(alice), "increment", [uint(5)]))
    counter.mine()
    assert seen == [txid]


def test_the_fee_is_paid_and_the_nonce_spent(counter: Chain, alice: Account) -> None:
    before = counter.stx_balance(alice.address)
    for function in ("increment", "refuse", "panic"):
        counter.submit(alice.call(counter_of(alice), function, [uint(1)] if function == "increment" else []))
    mined = counter.mine().transactions
    failed = TransactionStatus.ABORT_BY_RESPONSE
    assert [one.status for one in mined] == [TransactionStatus.SUCCESS, failed, failed]
    assert mined[2].error is not None
    assert "ArithmeticUnderflow" in mined[2].error
    assert counter.stx_balance(alice.address) == before - 3 * alice.fee
    assert counter.archive.nonces[alice.address] == alice.nonce
    assert counter.machine.ask(lambda vm: vm.data_var(counter_of(alice), "count")) == bytes.fromhex("01" + f"{1:032x}")


def test_stx_and_sbtc_change_hands(chain: Chain, alice: Account, bob: Account) -> None:
    chain.submit(alice.transfer(bob.address, 1_000, b"thanks"))
    chain.submit(alice.call(SBTC, "transfer", [uint(70), principal(alice.address), principal(bob.address), NONE]))
    sent, moved = chain.mine().transactions
    assert sent.events[0].data["memo"].startswith(b"thanks".hex())
    assert moved.events[0].amount == 70
    assert chain.stx_balance(bob.address) == 10**9 + 1_000
    assert chain.archive.holdings.balances[bob.address, f"{SBTC}::sbtc-token"] == 70
    assert chain.machine.ask(lambda vm: vm.sbtc_balance(bob.address)) == 70


def test_waiting_transactions_of_one_account_follow_one_another(counter: Chain, alice: Account) -> None:
    first, second, third = (alice.call(counter_of(alice), "increment", [uint(n)]) for n in (1, 2, 3))
    counter.submit(third)
    counter.submit(second)
    assert not counter.mine().transactions
    counter.submit(first)
    assert [one.result[-1] for one in counter.mine().transactions] == [1, 3, 6]


def test_a_higher_fee_replaces_a_waiting_transaction(counter: Chain, alice: Account) -> None:
    cheap = counter.submit(alice.again().call(counter_of(alice), "increment", [uint(1)]))
    assert reason(counter, alice.again().call(counter_of(alice), "increment", [uint(2)]))[0] == (
        "ConflictingNonceInMempool"
    )
    dear = counter.submit(alice.again(fee=9_000).call(counter_of(alice), "increment", [uint(3)]))
    dropped = counter.mempool.dropped(cheap)
    assert dropped is not None
    assert (dropped.status, dropped.replaced_by) == ("dropped_replace_by_fee", dear)
    assert [one.txid for one in counter.mine().transactions] == [dear]


def test_the_same_transaction_may_be_sent_again(counter: Chain, alice: Account) -> None:
    raw = alice.call(counter_of(alice), "increment", [uint(1)])
    assert counter.submit(raw) == counter.submit(raw)
    assert len(counter.mine().transactions) == 1
    assert reason(counter, raw)[0] == "BadNonce"


def test_what_a_node_refuses_is_refused(counter: Chain, alice: Account, bob: Account) -> None:
    contract = counter_of(alice)
    with pytest.raises(Undecodable):
        counter.submit(b"\x00" * 10)
    assert reason(counter, alice.again(fee=10).call(contract, "increment", [uint(1)]))[0] == "FeeTooLow"
    old = reason(counter, alice.again(nonce=0).call(contract, "increment", [uint(1)]))
    assert old == ("BadNonce", {"expected": 1, "actual": 0, "principal": alice.address, "is_origin": True})
    assert reason(counter, alice.again(nonce=28).call(contract, "increment", [uint(1)]))[0] == "TooMuchChaining"
    assert counter.submit(alice.again(nonce=27).call(contract, "increment", [uint(1)]))
    assert reason(counter, account(9).call(contract, "increment", [uint(1)]))[0] == "NotEnoughFunds"
    assert reason(counter, alice.again().transfer(bob.address, 10**13))[0] == "NotEnoughFunds"
    assert reason(counter, alice.again().transfer(bob.address, 0))[0] == "TransferAmountMustBePositive"
    assert reason(counter, alice.again().transfer(alice.address, 1))[0] == "TransferRecipientCannotEqualSender"
    mainnet = "SP2ZD731ANQZT6J4K3F5N8A40ZXWXC1XFXHVVQFKE"
    assert reason(counter, alice.again().transfer(mainnet, 1))[0] == "BadAddressVersionByte"
    assert reason(counter, alice.again().call(f"{bob.address}.none", "f"))[0] == "NoSuchContract"
    assert reason(counter, alice.again().call(contract, "none"))[0] == "NoSuchPublicFunction"
    assert reason(counter, alice.again().call(contract, "clock"))[0] == "NoSuchPublicFunction"
    assert reason(counter, alice.again().call(contract, "increment", []))[0] == "BadFunctionArgument"
    assert reason(counter, alice.again().call(contract, "increment", [NONE]))[0] == "BadFunctionArgument"
    assert reason(counter, alice.again().deploy("counter", COUNTER))[0] == "ContractAlreadyExists"


def test_a_transaction_for_another_chain_or_with_another_signature_is_refused(chain: Chain, alice: Account) -> None:
    raw = alice.transfer(PEER, 5)
    assert reason(chain, bytes([0x00]) + raw[1:])[0] == "BadTransactionVersion"
    assert reason(chain, raw[:1] + (1).to_bytes(4) + raw[5:])[0] == "SignatureValidation"
    tampered = raw[:-1] + b"!"
    assert reason(chain, tampered)[0] == "SignatureValidation"
    foreign = contract_call(
        SBTC, "get-name", [], network=Network.MAINNET, public_key=alice.key.public_key, nonce=0, fee=5_000
    )
    assert reason(chain, sign(foreign, alice.key).encode())[0] == "BadTransactionVersion"


def test_who_became_poor_waits_without_holding_up_the_others(chain: Chain, alice: Account, bob: Account) -> None:
    poor = bob.again(nonce=1)
    chain.submit(bob.transfer(alice.address, 10**9 - 7_000))
    chain.submit(poor.transfer(alice.address, 5_000))
    chain.submit(alice.transfer(bob.address, 1))
    assert len(chain.mine().transactions) == 2
    assert len(chain.mempool) == 1
    assert not chain.has_work()
    chain.submit(alice.transfer(bob.address, 50_000))
    chain.mine()
    assert len(chain.mine().transactions) == 1


def test_time_is_the_wall_clocks_but_never_stands_still(chain: Chain, wall: Wall) -> None:
    assert chain.mine().header.time == GENESIS_TIME + 60
    assert chain.mine().header.time == GENESIS_TIME + 61
    wall.time += 30
    assert chain.mine().header.time == GENESIS_TIME + 90


def test_warping_puts_the_clock_forward_for_good(open_chain: OpenChain, wall: Wall, alice: Account) -> None:
    chain = open_chain()
    assert chain.warp(86_400) == 86_400
    chain.submit(alice.deploy("counter", COUNTER))
    time = chain.mine().header.time
    assert time == GENESIS_TIME + 60 + 86_400
    clock = chain.machine.ask(lambda vm: vm.read(counter_of(alice), "clock")).value
    assert isinstance(clock, Tuple)
    assert clock["time"] == uint(time)
    with pytest.raises(InvalidInput):
        chain.warp(-1)
    assert open_chain().mine().header.time == time + 1


def test_burn_blocks_come_by_the_clock_or_when_asked_for(chain: Chain, wall: Wall) -> None:
    first = chain.mine().header
    wall.time += 600
    second = chain.mine().header
    third = chain.mine(burn=True).header
    assert [one.burn_height for one in (first, second, third)] == [1, 2, 3]
    assert [one.tenure_height for one in (first, second, third)] == [1, 2, 3]
    assert second.burn_time == second.time - 1
    assert len({one.burn_hash for one in (first, second, third)}) == 3


def test_a_restart_gives_the_same_chain(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    chain.mine()
    for n in range(5):
        chain.submit(alice.call(counter_of(alice), "increment", [uint(n)]))
        chain.submit(bob.call(SBTC, "transfer", [uint(1), principal(bob.address), principal(alice.address), NONE]))
        chain.mine(burn=n == 3)
    before = list(chain.archive.blocks(1, chain.archive.tip.height))
    balances = dict(chain.archive.holdings.balances)
    again = open_chain()
    assert list(again.archive.blocks(1, again.archive.tip.height)) == before
    assert again.archive.holdings.balances == balances
    assert again.archive.nonces[alice.address] == alice.nonce
    assert len(again.archive.logs(counter_of(alice))) == 5
    again.submit(alice.call(counter_of(alice), "increment", [uint(100)]))
    assert again.mine().transactions[0].result[-1] == 110


def test_a_torn_block_is_cut_off_and_the_rest_stands(open_chain: OpenChain, alice: Account, tmp_path: Path) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    kept = chain.mine()
    chain.submit(alice.call(counter_of(alice), "increment", [uint(1)]))
    chain.mine()
    chain.close()
    journal = tmp_path / "chain" / "journal"
    journal.write_bytes(journal.read_bytes()[:-20])
    again = open_chain()
    assert again.archive.tip == kept.header
    again.submit(alice.again(nonce=1).call(counter_of(alice), "increment", [uint(1)]))
    assert again.mine().transactions[0].succeeded


def test_only_one_process_can_have_a_chain(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(JournalInUse):
        Chain(tmp_path / "chain", Genesis())


def test_the_vm_may_be_killed_at_any_time(counter: Chain, alice: Account) -> None:
    counter.submit(alice.call(counter_of(alice), "increment", [uint(4)]))
    os.kill(counter.machine.vm.pid, signal.SIGKILL)
    assert counter.mine().transactions[0].succeeded
    os.kill(counter.machine.vm.pid, signal.SIGKILL)
    count = counter.machine.ask(lambda vm: vm.read(counter_of(alice), "get-count"))
    assert count.value == uint(4)


def test_a_transaction_that_breaks_the_vm_is_skipped_for_its_fee(
    counter: Chain, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bitpay.localchain.execution import Executor
    from bitpay.localchain.vm import VmBroken

    run = Executor.run

    def breaking(self: Executor, tx: Transaction, raw: bytes) -> object:
        if tx.origin_address == bob.address:
            self._vm._one(("call", {"contract": counter_of(alice), "method": "f", "args": ["ff"], "sender": PEER}))
        return run(self, tx, raw)

    monkeypatch.setattr(Executor, "run", breaking)
    counter.submit(alice.call(counter_of(alice), "increment", [uint(1)]))
    counter.submit(bob.call(counter_of(alice), "increment", [uint(1)]))
    counter.submit(alice.call(counter_of(alice), "increment", [uint(1)]))
    statuses = [mined.status for mined in counter.mine().transactions]
    assert statuses == [TransactionStatus.SUCCESS, TransactionStatus.PROBLEMATIC_SKIPPED, TransactionStatus.SUCCESS]
    assert counter.stx_balance(bob.address) == 10**9 - bob.fee
    assert counter.archive.nonces[bob.address] == 1
    assert issubclass(VmBroken, Exception)


def test_snapshots_spare_the_replay_and_damaged_ones_do_no_harm(
    open_chain: OpenChain, alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.localchain.machine._SAVE_AFTER", 20)
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    chain.mine()
    for _ in range(3):
        chain.submit(alice.call(counter_of(alice), "increment", [uint(1)]))
        chain.mine()
    again = open_chain()
    [snapshot] = (tmp_path / "chain" / "snapshots").iterdir()
    assert again.machine.ask(lambda vm: vm.read(counter_of(alice), "get-count")).value == uint(3)
    again.close()
    snapshot.write_bytes(b"{}\n")
    repaired = open_chain()
    assert repaired.machine.ask(lambda vm: vm.read(counter_of(alice), "get-count")).value == uint(3)
    assert not snapshot.exists()


def test_a_block_that_cannot_be_kept_never_was(
    counter: Chain, open_chain: OpenChain, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = counter.archive.tip
    txid = counter.submit(alice.transfer(PEER, 1_000))
    with monkeypatch.context() as full:
        full.setattr(Journal, "_write", no_room)
        with pytest.raises(JournalUnwritable):
            counter.mine()
    assert (counter.archive.tip, [one.txid for one in counter.mempool]) == (tip, [txid])
    assert counter.stx_balance(PEER) == 0

    block = counter.mine()

    assert (block.header.height, block.header.parent_hash) == (tip.height + 1, tip.hash)
    assert counter.stx_balance(PEER) == 1_000
    again = open_chain()
    assert (again.archive.tip, again.stx_balance(PEER)) == (block.header, 1_000)


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_journal_whose_blocks_do_not_follow_each_other_is_refused(counter: Chain, open_chain: OpenChain) -> None:
    last = counter.mine()
    counter._journal.append([{"block": last.to_json()}])
    with pytest.raises(JournalDamaged, match=f"Block {last.header.height}, at byte"):
        open_chain()
