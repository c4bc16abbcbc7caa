"""BitPay on a served local chain: people send signed transactions over HTTP, and all money is counted after each.

    opened = await town.does("alice", core.create_stream(town.contracts, sender=town.alice, ...))
    assert opened.moved == {"alice": -1_001, "core": 1_000, "treasury": 1}

Every transaction is in a block of its own, one second after the block before. More time passes only when a test says
so.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.contracts.contract_types import Refusal, to_plain
from tests.contracts.error_constants import constants
from tests.paths.counting import ACCOUNTS, SURPLUS, Done, Reading, difference, with_one_vault
from tests.paths.tightening import tightened
from tests.serving import answers, served

from bitpay.demo.control import ChainControl
from bitpay.deployment import Deployment, Plan
from bitpay.kit.processes import free_port
from bitpay.localchain.api.app import create_app
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.clock import ChainClock
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService, Pace
from bitpay.protocol.calls.call import Call
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import CLARITY_VERSION, SIMNET_SBTC
from bitpay.stacks import clarity
from bitpay.stacks.client import StacksClient
from bitpay.stacks.client.answers import TransactionState
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, contract_deploy, sign

PEOPLE = ("deployer", "ann", "ben", "cleo", "olga", "alice", "bob", "carol", "dave", "erin", "mallory")
"""ann, ben and cleo are the first admins, two of whom decide; olga is the first operator."""
ADMINS = ("ann", "ben", "cleo")
THRESHOLD = 2
SBTC = 10**10
"""Sats that everybody begins with."""
STX = 10**12
"""micro-STX that everybody begins with."""
FEE = 40_000
"""micro-STX for every transaction; the longest ones here have fewer bytes."""
BEGINNING = 1_800_000_000
"""Unix seconds."""
TOKEN = "the control token, of this test run"
AT_ONCE = Pace(empty=None, gather=0.0, max_lead=10**9)
PROBE = Path(__file__).parents[1] / "contracts" / "probe.clar"
CONTRACTS = Path(__file__).parent / "contracts"
PATIENCE = 60.0


class Wall:
    """A wall clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = BEGINNING

    def __call__(self) -> float:
        return self.time


@dataclass(frozen=True, slots=True)
class Facts:
    """What the contracts have written down (see probe.clar), and sats by person, account in the vault and surplus."""

    written: Mapping[str, Any]
    purses: Mapping[str, int]


class Town:
    """The chain, the contracts and the people."""

    def __init__(self, client: StacksClient, control: ChainControl, clock: ChainClock, wall: Wall) -> None:
        self.client = client
        self._control = control
        self._clock = clock
        self._wall = wall
        self._keys = keys()
        self._addresses = {name: key.address(Network.TESTNET) for name, key in self._keys.items()}
        self.contracts = Contracts(self.address("deployer"), SIMNET_SBTC)
        self.facts: Facts
        self.time = BEGINNING
        """Unix seconds of the last block."""
        self.height = 1
        """Height of the last block."""

    @classmethod
    async def found(cls, client: StacksClient, control: ChainControl, clock: ChainClock, wall: Wall) -> Self:
        """Deploy and finalise BitPay, and the probe."""
        town = cls(client, control, clock, wall)
        deployment = Deployment(client, town._keys["deployer"], Network.TESTNET, SIMNET_SBTC)
        admins = [town.address(name) for name in ADMINS]
        await deployment.run(Plan(admins, THRESHOLD, [town.address("olga")]), lambda _: None)
        await town._deploy("deployer", "probe", PROBE.read_text())
        await town._look()
        return town

    def address(self, name: str) -> str:
        """Return somebody's address; a contract that was deployed here is somebody too."""
        return self._addresses[name]

    def __getattr__(self, name: str) -> str:
        if name in PEOPLE:
            return self.address(name)
        raise AttributeError(name)

    def name(self, address: str) -> str:
        """Return whose address it is."""
        return self._names()[address]

    def _names(self) -> dict[str, str]:
        return {address: name for name, address in self._addresses.items()}

    async def deploys(self, who: str, name: str) -> str:
        """Let somebody deploy a contract of the folder `contracts`, whose money is counted too. Returns its id."""
        source = (CONTRACTS / f"{name}.clar").read_text()
        await self._deploy(who, name, source.replace("contract-call? .", f"contract-call? '{self.contracts.deployer}."))
        self._addresses[name] = f"{self.address(who)}.{name}"
        await self._look()
        return self._addresses[name]

    # Time

    async def wait(self, seconds: int) -> None:
        """Let the next block begin so many seconds after the last one."""
        self._wall.time = self.time - self._clock.offset
        await self._control.warp(seconds)
        await self._look()

    async def wait_until(self, time: int) -> None:
        """Let time pass so that the next transaction is in a block that begins at `time`, which is to come."""
        assert time > self.time
        if time > self.time + 1:
            await self.wait(time - self.time - 1)

    async def blocks(self, count: int) -> None:
        """Mine so many empty blocks."""
        await self._control.mine(count)
        await self._look()

    async def swaps_last_two(self) -> None:
        """Let a reorganisation put the last two blocks' transactions the other way round."""
        await self._control.reorganize(2, order="reversed")
        await self._look()

    # Calls

    async def sends(self, who: str, call: Call) -> Done:
        """Sign the call, send it, wait for its block, and count everybody's money.

        Checks what holds for every transaction: it costs its fee and a nonce, no sat appears or vanishes, and the
        token's events say what the balances say. What did not succeed has changed nothing else.
        """
        state = await self._paid_for(who, call)
        events = [event async for event in self.client.transaction_events(state.txid)]
        reading = Reading(events, self.contracts, self._names())
        before, after = self.facts, await self._look()
        moved = difference(before.purses, after.purses)
        assert sum(moved.values()) == 0, moved
        assert reading.paid() == with_one_vault(moved), (call.function, moved)
        if not state.succeeded:
            assert not events
            assert (moved, after.written) == ({}, before.written), call.function
        assert state.block is not None
        assert state.result is not None
        answer = to_plain(clarity.decode(state.result))
        told, tokens = list(reading.told()), list(reading.tokens())
        return Done(state.status, answer, moved, told, tokens, state.block.time, state.block.height)

    async def does(self, who: str, call: Call) -> Done:
        """Send a call that has to succeed."""
        done = await self.sends(who, call)
        assert done.status == "success", (call.function, done.status, done.answer)
        return done

    async def fails(self, who: str, call: Call, contract: str, name: str) -> None:
        """Send a call that a contract has to refuse for that reason.

        A chain looks at the post-conditions even so: where they ask for something to move, they are broken as well.
        """
        done = await self.sends(who, call)
        assert done.answer == Refusal(constants(f"bitpay-{contract}")[f"ERR_{name}"]), (call.function, done.answer)
        assert done.status in {"abort_by_response", "abort_by_post_condition"}

    async def undoes(self, who: str, call: Call) -> None:
        """Send a call that the contracts carry out and its post-conditions undo."""
        done = await self.sends(who, call)
        assert done.status == "abort_by_post_condition", (call, done.status, done.answer)
        assert not isinstance(done.answer, Refusal), (call.function, done.answer)

    async def guarded(self, who: str, call: Call, **sent: int) -> Done:
        """Show that each of the call's post-conditions is needed and exact, then let it succeed.

        `sent`: who really sends how many sats, at any moment until then; the vault is one of them.
        """
        by_principal = {self._principal(name): sats for name, sats in sent.items()}
        for variant in tightened(call, by_principal):
            await self.undoes(who, variant)
        return await self.does(who, call)

    async def read(self, contract_id: str, function: str, *args: clarity.Value) -> Any:  # noqa: ANN401 - as it answers
        """Ask a read-only function through the node."""
        return to_plain(await self.client.call_read(contract_id, function, args))

    def _principal(self, name: str) -> str:
        return self.contracts.vault if name == "vault" else self.address(name)

    async def _paid_for(self, who: str, call: Call) -> TransactionState:
        key, address = self._keys[who], self.address(who)
        before = await self.client.account(address)
        unsigned = call.transaction(network=Network.TESTNET, public_key=key.public_key, nonce=before.nonce, fee=FEE)
        state = await self._mined(sign(unsigned, key))
        after = await self.client.account(address)
        assert (after.nonce, after.balance) == (before.nonce + 1, before.balance - FEE)
        return state

    async def _mined(self, signed: Transaction) -> TransactionState:
        txid = await self.client.broadcast(signed.encode())
        async with asyncio.timeout(PATIENCE):
            while (found := await self.client.transaction(txid)) is None or found.pending:
                await asyncio.sleep(0.002)
        return found

    async def _deploy(self, who: str, name: str, source: str) -> None:
        key = self._keys[who]
        unsigned = contract_deploy(
            name,
            source,
            network=Network.TESTNET,
            public_key=key.public_key,
            nonce=(await self.client.account(self.address(who))).nonce,
            fee=FEE,
            clarity_version=CLARITY_VERSION,
        )
        assert (await self._mined(sign(unsigned, key))).succeeded

    async def _look(self) -> Facts:
        everybody = clarity.list_([clarity.principal(address) for address in self._addresses.values()])
        written = await self.read(f"{self.contracts.deployer}.probe", "facts", everybody)
        self.time, self.height = written.pop("time"), written.pop("height")
        vault = written.pop("vault")
        assert vault["liabilities"] == sum(vault[name] for name in ACCOUNTS)
        purses = dict(zip(self._addresses, written.pop("balances"), strict=True))
        purses |= {name: vault[name] for name in ACCOUNTS}
        purses[SURPLUS] = vault["balance"] - vault["liabilities"]
        self.facts = Facts(written, purses)
        return self.facts


def keys() -> dict[str, PrivateKey]:
    """Return everybody's key: always the same."""
    return {name: PrivateKey(name.encode().rjust(32, b"\x01")) for name in PEOPLE}


@asynccontextmanager
async def founded(folder: Path) -> AsyncIterator[Town]:
    """Serve a chain from `folder` on a port, everybody endowed, BitPay deployed."""
    wall, port = Wall(), free_port()
    clock = ChainClock(wall=wall)
    people = [key.address(Network.TESTNET) for key in keys().values()]
    genesis = Genesis(dict.fromkeys(people, STX), dict.fromkeys(people, SBTC), BEGINNING)
    async with ChainService(lambda heard: Chain(folder, genesis, clock=clock, listener=heard), AT_ONCE) as service:
        hooks = Hooks(service, [], folder / "hooks.json")
        app = create_app(service, hooks, token=TOKEN, hosts=frozenset({f"127.0.0.1:{port}"}))
        url = f"http://127.0.0.1:{port}"
        control = ChainControl(url, TOKEN)
        async with served(app, port), StacksClient(url) as client:
            try:
                await answers(f"{url}/v2/info")
                yield await Town.found(client, control, clock, wall)
            finally:
                await control.close()
