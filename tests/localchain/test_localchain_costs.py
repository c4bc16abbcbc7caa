"""What a transaction used is told by the VM, in every interface that shows it."""

from pathlib import Path
from typing import Any

from tests.localchain.accounts import Account
from tests.localchain.contracts import COUNTER
from tests.localchain.house import serving
from tests.localchain.receiver import listening

from bitpay.localchain.chain import Genesis
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.outcomes import Cost
from bitpay.localchain.vm import Vm
from bitpay.stacks.clarity import list_, ok, to_hex, uint
from bitpay.stacks.post_conditions import Compare, StxPostCondition

NAMES = ("read_count", "read_length", "runtime", "write_count", "write_length")
NOTHING = Cost(0, 0, 0, 0, 0)


def measured(sender: Account) -> list[Cost | None]:
    """What deploying, calling and refusing cost in a VM that tracks costs throughout."""
    contract = f"{sender.address}.counter"
    with Vm.start(track_costs=True) as vm:
        outcomes = [vm.deploy("counter", COUNTER, sender.address)]
        outcomes.append(vm.call(contract, "increment", [uint(1)], sender.address))
        outcomes.append(vm.call(contract, "refuse", [], sender.address))
        return [outcome.cost for outcome in outcomes]


def named(cost: Cost | None) -> dict[str, int]:
    assert cost is not None
    return {name: getattr(cost, name) for name in NAMES}


def of_v1(said: dict[str, Any]) -> dict[str, int]:
    return {name: said[f"execution_cost_{name}"] for name in NAMES}


async def test_costs_are_told_wherever_they_are_asked_for(tmp_path: Path, alice: Account, bob: Account) -> None:
    deployed, called, refused = map(named, measured(alice))
    contract = f"{alice.address}.counter"
    genesis = Genesis(stx={alice.address: 10**12})
    async with listening() as receiver:
        given = [GivenHook("chainhooks2", f"{receiver.url}/hook"), GivenHook("observer", receiver.url)]
        async with serving(tmp_path, genesis, given=given) as house:
            [deployment] = await house.mined(alice.deploy("counter", COUNTER))
            calls = [alice.call(contract, "increment", [uint(1)]), alice.call(contract, "refuse")]
            txids = await house.mined(*calls, alice.transfer(bob.address, 1))
            assert of_v1(await house.get(f"/extended/v1/tx/{deployment}")) == deployed
            costs = [of_v1(await house.get(f"/extended/v1/tx/{txid}")) for txid in txids]
            newest = [(await house.get(f"/extended/v3/transactions/{txid}"))["execution_cost"] for txid in txids]
            block = await house.get("/extended/v2/blocks/latest")
            documents = await receiver.until(4)
    assert costs == [called, refused, named(NOTHING)] == newest
    together = {name: sum(cost[name] for cost in costs) for name in NAMES}
    assert of_v1(block) == together
    told = [document for document in documents if "event" in document][1]["event"]["apply"][0]
    assert [one["metadata"]["execution_cost"] for one in told["transactions"]] == costs
    assert told["metadata"]["execution_cost"] == together
    observed = [document for document in documents if "block_height" in document][1]
    assert [one["execution_cost"] for one in observed["transactions"]] == costs
    assert observed["anchored_cost"] == together


async def test_what_post_conditions_took_back_was_used_all_the_same(tmp_path: Path, alice: Account) -> None:
    contract = f"{alice.address}.counter"
    async with serving(tmp_path, Genesis(stx={alice.address: 10**12})) as house:
        await house.mined(alice.deploy("counter", COUNTER))
        broken = [StxPostCondition(None, Compare.GT, 5)]
        calls = [alice.call(contract, "increment", [uint(1)], conditions) for conditions in (broken, [])]
        txids = await house.mined(*calls)
        taken_back, kept = [await house.get(f"/extended/v1/tx/{txid}") for txid in txids]
    assert taken_back["tx_status"] == "abort_by_post_condition"
    assert of_v1(taken_back) == of_v1(kept)


async def test_costs_survive_a_restart(tmp_path: Path, alice: Account) -> None:
    async with serving(tmp_path, Genesis(stx={alice.address: 10**12})) as house:
        [txid] = await house.mined(alice.deploy("counter", COUNTER))
        before = await house.get(f"/extended/v1/tx/{txid}")
    async with serving(tmp_path, Genesis()) as house:
        assert await house.get(f"/extended/v1/tx/{txid}") == before


READER = """
(define-map slots uint uint)
(define-data-var quiet uint u0)
(define-private (look (i uint) (sum uint)) (+ sum (default-to u1 (map-get? slots i))))
(define-public (look-often (times (list 200 uint))) (ok (fold look times u0)))
(define-public (write-quietly) (begin (var-set quiet u1) (ok u1)))
(define-public (write-and-refuse) (begin (var-set quiet u1) (err u1)))
(define-public (harmless) (ok (var-get quiet)))
"""


async def test_a_read_may_use_what_a_node_lets_it_use(tmp_path: Path, alice: Account) -> None:
    async with serving(tmp_path, Genesis(stx={alice.address: 10**12})) as house:
        await house.mined(alice.deploy("reader", READER))

        async def read(function: str, *args: str) -> Any:  # noqa: ANN401 - JSON
            body = {"sender": alice.address, "arguments": list(args)}
            return (
                await house.client.post(f"/v2/contracts/call-read/{alice.address}/reader/{function}", json=body)
            ).json()

        few, many = (to_hex(list_([uint(0)] * times)) for times in (50, 150))
        assert (await read("look-often", few))["result"] == to_hex(ok(uint(50)))
        refused = await read("look-often", many)
        assert refused["okay"] is False
        assert refused["cause"].startswith("RuntimeCheck(CostBalanceExceeded(ExecutionCost { write_length: 0, ")
        assert "read_count: 100, runtime: 1000000000 }))" in refused["cause"]
        for function in ("write-quietly", "write-and-refuse"):
            assert await read(function) == {"okay": False, "cause": "NotReadOnly"}
        assert await read("harmless") == {"okay": True, "result": to_hex(ok(uint(0)))}
