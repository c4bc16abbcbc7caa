"""What waits for a block is not forgotten."""

import signal
from pathlib import Path

import httpx
import pytest
from tests.localchain.accounts import Account
from tests.localchain.conftest import OpenChain
from tests.localchain.contracts import COUNTER
from tests.localchain.test_localchain_server import POWER, served

from bitpay.localchain.chain import Chain
from bitpay.localchain.mempool import Pending
from bitpay.localchain.reorganization import Reorganization
from bitpay.stacks.clarity import list_, uint


def waiting(chain: Chain) -> list[Pending]:
    return list(chain.mempool)


def fate(chain: Chain, txid: str) -> tuple[str, str | None]:
    dropped = chain.mempool.dropped(txid)
    assert dropped is not None
    return dropped.status, dropped.replaced_by


def test_what_waits_still_waits_after_a_restart(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    txids = [chain.submit(alice.deploy("counter", COUNTER)), chain.submit(bob.transfer(alice.address, 5))]
    chain.mine()
    txids = [chain.submit(alice.transfer(bob.address, n)) for n in (1, 2)]
    txids.insert(1, chain.submit(bob.again(nonce=7).transfer(alice.address, 5)))
    before = waiting(chain)
    assert [one.txid for one in before] == [txids[0], txids[2], txids[1]]
    again = open_chain()
    assert waiting(again) == before
    assert again.mempool.nonces(bob.address) == [7]
    assert [one.txid for one in again.mine().transactions] == [txids[0], txids[2]]
    assert [one.txid for one in waiting(open_chain())] == [txids[1]]


def test_what_was_refused_does_not_come_back(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    chain.submit(alice.transfer(bob.address, 1))
    with pytest.raises(Exception, match="ConflictingNonceInMempool"):
        chain.submit(alice.again(nonce=0).transfer(bob.address, 2))
    before = waiting(chain)
    assert waiting(open_chain()) == before


def test_what_was_replaced_stays_replaced(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    cheap = chain.submit(alice.transfer(bob.address, 1))
    dear = chain.submit(alice.again(nonce=0, fee=9_000).transfer(bob.address, 1))
    again = open_chain()
    assert [one.txid for one in waiting(again)] == [dear]
    assert fate(again, cheap) == ("dropped_replace_by_fee", dear)
    again.mine()
    assert not waiting(open_chain())


def test_a_torn_end_loses_only_what_came_last(
    open_chain: OpenChain, alice: Account, bob: Account, tmp_path: Path
) -> None:
    chain = open_chain()
    kept = chain.submit(alice.transfer(bob.address, 1))
    chain.submit(alice.transfer(bob.address, 2))
    chain.close()
    journal = tmp_path / "chain" / "journal"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert [one.txid for one in waiting(open_chain())] == [kept]


def test_another_history_leaves_the_same_waiting(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    chain.mine()
    counter = f"{alice.address}.counter"
    lost = chain.submit(alice.call(counter, "increment", [uint(1)]))
    behind = chain.submit(alice.call(counter, "increment", [uint(2)]))
    kept = chain.submit(bob.call(counter, "increment", [uint(3)]))
    chain.mine()
    chain.reorganize(Reorganization(depth=1, drop={lost}))
    before = waiting(chain)
    assert [one.txid for one in before] == [behind]
    assert chain.archive.transaction(kept) is not None
    again = open_chain()
    assert waiting(again) == before
    assert fate(again, lost) == ("dropped_replace_across_fork", None)
    assert again.fork == 1
    assert not again.mine().transactions


HEAVY = f"""
(define-map slots uint uint)
(define-private (fill (i uint) (sum uint)) (begin (map-set slots i sum) (map-set slots (+ i u1) sum) (+ sum u1)))
(define-private (fill-all (i uint) (sum uint)) (fold fill (list {" ".join(f"u{i}" for i in range(100))}) sum))
(define-public (fill-often (times (list 200 uint))) (ok (fold fill-all times u0)))
"""


def test_what_costs_more_than_a_block_may_is_dropped(open_chain: OpenChain, alice: Account, bob: Account) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("heavy", HEAVY))
    chain.mine()
    before = chain.stx_balance(alice.address)
    times = [list_([uint(0)] * 100)]
    kept = chain.submit(bob.transfer(alice.address, 5))
    heavy = chain.submit(alice.call(f"{alice.address}.heavy", "fill-often", times))
    behind = chain.submit(alice.transfer(bob.address, 1))
    block = chain.mine()
    assert [one.txid for one in block.transactions] == [kept]
    assert fate(chain, heavy) == ("dropped_too_expensive", None)
    assert chain.stx_balance(alice.address) == before + 5
    assert [one.txid for one in waiting(chain)] == [behind]
    again = open_chain()
    assert fate(again, heavy) == ("dropped_too_expensive", None)
    again.submit(alice.again(nonce=1).call(f"{alice.address}.heavy", "fill-often", [list_([uint(0)] * 10)]))
    assert [one.succeeded for one in again.mine().transactions] == [True, True]


def send(client: httpx.Client, raw: bytes) -> str:
    answer = client.post("/v2/transactions", content=raw, headers={"content-type": "application/octet-stream"})
    assert answer.status_code == 200, answer.text
    return f"0x{answer.json()}"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_however_the_process_ends(tmp_path: Path, alice: Account, bob: Account, end: signal.Signals) -> None:
    patient = ("--empty-seconds", "0", "--gather-seconds", "3600")
    with served(tmp_path, *patient) as (process, client):
        given = {"token": "stx", "address": alice.address, "amount": 10_000_000}
        assert client.post("/control/faucet", json=given, headers=POWER).status_code == 200
        txids = [send(client, alice.transfer(bob.address, n)) for n in (1, 2, 3)]
        process.send_signal(end)
        process.wait(20)
    with served(tmp_path, *patient) as (_, client):
        assert client.get("/control/status", headers=POWER).json()["mempool"] == 3
        assert [client.get(f"/extended/v1/tx/{txid}").json()["tx_status"] for txid in txids] == ["pending"] * 3
        [block] = client.post("/control/mine", json={}, headers=POWER).json()["blocks"]
        assert block["transactions"] == txids
