from pathlib import Path

import pytest
from tests.localchain.accounts import Account
from tests.localchain.conftest import OpenChain, Wall
from tests.localchain.contracts import COUNTER
from tests.localchain.house import serving
from tests.localchain.receiver import listening

from bitpay.kit.errors import InvalidInput
from bitpay.localchain.blocks import Change
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.rejections import Rejected
from bitpay.localchain.reorganization import Reorganization
from bitpay.stacks.clarity import uint
from bitpay.stacks.model import BlockHeader


@pytest.fixture
def story(chain: Chain, alice: Account, bob: Account, wall: Wall) -> list[str]:
    """Five blocks: a contract, then calls of Alice (1, 2, 3) and Bob (10, 20, 30)."""
    txids = [chain.submit(alice.deploy("counter", COUNTER))]
    chain.mine()
    for n in (1, 2, 3):
        wall.time += 10
        txids.append(chain.submit(alice.call(f"{alice.address}.counter", "increment", [uint(n)])))
        txids.append(chain.submit(bob.call(f"{alice.address}.counter", "increment", [uint(10 * n)])))
        chain.mine()
    chain.mine()
    return txids


def counts(chain: Chain) -> list[int]:
    """What each successful call of the counter answered, in chain order."""
    blocks = chain.archive.blocks(3, chain.archive.tip.height)
    return [mined.result[-1] for block in blocks for mined in block.transactions if mined.succeeded]


def check_links(chain: Chain) -> None:
    header: BlockHeader | None = chain.archive.tip
    while header is not None and header.height > 1:
        parent = chain.archive.header(header.height - 1)
        assert parent is not None
        assert header.parent_hash == parent.hash
        assert header.time > parent.time
        header = parent
    assert chain.machine.vm.height == chain.archive.tip.height


def test_other_blocks_replace_the_latest(chain: Chain, story: list[str], changes: list[Change]) -> None:
    before = list(chain.archive.blocks(1, chain.archive.tip.height))
    change = chain.reorganize(Reorganization(depth=2))
    assert [block.header.height for block in change.rollback] == [6, 5]
    assert list(change.rollback) == before[:-3:-1]
    assert [block.header.height for block in change.apply] == [5, 6, 7]
    assert change.apply[0].header.parent_hash == before[3].header.hash
    assert not {block.header.hash for block in change.apply} & {block.header.hash for block in before}
    assert changes[-1] == change
    assert counts(chain) == [1, 11, 13, 33, 36, 66]
    assert chain.archive.height_of(before[-1].header.hash) is None
    check_links(chain)


def test_another_order_gives_other_results(chain: Chain, story: list[str]) -> None:
    chain.reorganize(Reorganization(depth=4, order="reversed", blocks=4))
    assert counts(chain) == [10, 11, 31, 33, 63, 66]
    check_links(chain)


def test_a_dropped_transaction_holds_up_its_successors(chain: Chain, story: list[str], alice: Account) -> None:
    chain.reorganize(Reorganization(depth=4, drop={story[3]}))
    assert counts(chain) == [1, 11, 31, 61]
    dropped = chain.mempool.dropped(story[3])
    assert dropped is not None
    assert dropped.status == "dropped_replace_across_fork"
    assert [entry.txid for entry in chain.mempool] == [story[5]]
    chain.submit(alice.again(nonce=2).call(f"{alice.address}.counter", "increment", [uint(5)]))
    assert [mined.result[-1] for mined in chain.mine().transactions] == [66, 69]


def test_another_transaction_takes_a_nonce(chain: Chain, story: list[str], alice: Account) -> None:
    other = alice.again(nonce=1).call(f"{alice.address}.counter", "increment", [uint(100)])
    chain.reorganize(Reorganization(depth=4, include=[other]))
    assert chain.archive.transaction(story[1]) is None
    assert counts(chain) == [100, 110, 112, 132, 135, 165]


def test_a_contract_can_be_unmade(chain: Chain, story: list[str], alice: Account) -> None:
    chain.reorganize(Reorganization(depth=5, drop={story[0]}))
    assert counts(chain) == []
    assert chain.interface(f"{alice.address}.counter") is None
    assert chain.archive.deployment(f"{alice.address}.counter") is None
    assert chain.archive.logs(f"{alice.address}.counter") == []
    bob_failed = [mined.error for block in chain.archive.blocks(2, 7) for mined in block.transactions]
    assert len(bob_failed) == 3
    assert all("does not exist" in (error or "") for error in bob_failed)


def test_the_state_is_that_of_the_other_history(chain: Chain, story: list[str], alice: Account, bob: Account) -> None:
    money = chain.stx_balance(alice.address), chain.stx_balance(bob.address)
    chain.reorganize(Reorganization(depth=4, drop=set(story[1:])))
    assert chain.stx_balance(alice.address) == money[0] + 3 * alice.fee
    assert chain.stx_balance(bob.address) == money[1] + 3 * bob.fee
    assert chain.archive.nonces[bob.address] == 0
    assert chain.machine.ask(lambda vm: vm.read(f"{alice.address}.counter", "get-count")).value == uint(0)


def test_the_other_history_survives_a_restart(open_chain: OpenChain, alice: Account, wall: Wall) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    for _ in range(4):
        chain.mine()
    first = chain.reorganize(Reorganization(depth=3))
    second = chain.reorganize(Reorganization(depth=2, blocks=5))
    assert not {b.header.hash for b in first.apply} & {b.header.hash for b in second.apply}
    blocks = list(chain.archive.blocks(1, chain.archive.tip.height))
    again = open_chain()
    assert list(again.archive.blocks(1, again.archive.tip.height)) == blocks
    assert again.fork == 2
    check_links(again)


def test_a_crash_within_a_reorganisation_leaves_the_history_before(
    open_chain: OpenChain, alice: Account, tmp_path: Path
) -> None:
    chain = open_chain()
    chain.submit(alice.deploy("counter", COUNTER))
    for _ in range(4):
        chain.mine()
    blocks = list(chain.archive.blocks(1, chain.archive.tip.height))
    chain.reorganize(Reorganization(depth=3))
    chain.close()
    journal = tmp_path / "chain" / "journal"
    journal.write_bytes(journal.read_bytes()[:-5])
    again = open_chain()
    assert list(again.archive.blocks(1, again.archive.tip.height)) == blocks
    again.mine()
    check_links(again)


def test_an_impossible_reorganisation_changes_nothing(chain: Chain, story: list[str], alice: Account) -> None:
    blocks = list(chain.archive.blocks(1, chain.archive.tip.height))
    for depth in (0, -1, 6, 1_000):
        with pytest.raises(InvalidInput):
            chain.reorganize(Reorganization(depth=depth))
    tampered = alice.transfer("ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG", 5)[:-1] + b"!"
    with pytest.raises(Rejected):
        chain.reorganize(Reorganization(depth=2, include=[tampered]))
    assert list(chain.archive.blocks(1, chain.archive.tip.height)) == blocks
    check_links(chain)


def test_a_failure_in_the_middle_changes_nothing(
    chain: Chain, story: list[str], alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = list(chain.archive.blocks(1, chain.archive.tip.height))
    append = chain._journal.append

    def failing(records: list[dict[str, object]], *, sync: bool = True) -> list[int]:
        if "switch" in records[0]:
            raise OSError("the disk is full")
        return append(records, sync=sync)

    with monkeypatch.context() as patched:
        patched.setattr(chain._journal, "append", failing)
        with pytest.raises(OSError, match="full"):
            chain.reorganize(Reorganization(depth=3))
    assert list(chain.archive.blocks(1, chain.archive.tip.height)) == blocks
    assert chain.machine.ask(lambda vm: vm.read(f"{alice.address}.counter", "get-count")).value == uint(66)
    chain.mine()
    check_links(chain)


async def test_hooks_hear_of_rollback_and_apply(tmp_path: Path, alice: Account, bob: Account) -> None:
    genesis = Genesis(stx={alice.address: 10**12, bob.address: 10**9})
    async with listening() as receiver:
        given = [GivenHook("chainhooks2", f"{receiver.url}/hook"), GivenHook("observer", receiver.url)]
        async with serving(tmp_path, genesis, given=given) as house:
            await house.mined(alice.transfer(bob.address, 1), bob.transfer(alice.address, 2))
            told = await house.control("reorg", depth=1, order="reversed", blocks=2)
            await receiver.until(2 + 3)
        deliveries = zip(receiver.paths, receiver.documents, strict=True)
        [_, change] = [document for path, document in deliveries if path == "/hook"]
        for side in ("rollback", "apply"):
            hashes = [block["block_identifier"]["hash"] for block in change["event"][side]]
            assert hashes == [block["hash"] for block in told[side]]
        parents = [d["parent_index_block_hash"] for d in receiver.documents if "index_block_hash" in d]
        assert parents[0] == parents[1]
