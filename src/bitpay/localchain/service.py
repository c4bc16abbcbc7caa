"""The chain among asynchronous neighbours: one thread works, everybody else waits for their turn."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from bitpay.localchain.blocks import Block, Change
from bitpay.localchain.chain import Chain
from bitpay.localchain.faucet import Faucet, Token
from bitpay.localchain.reorganization import Reorganization
from bitpay.localchain.vm import Vm

T = TypeVar("T")
_LEAD_CHECK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """When blocks are made, in seconds."""

    empty: float | None = 5.0
    """An empty block after so long without one; None: never."""
    gather: float | None = 0.1
    """A block so long after a transaction came, to gather others; None: only when asked for."""
    max_lead: int = 15
    """Blocks wait once the chain is so many seconds ahead of its clock (SIP: a block may be that early)."""


class Follower(Protocol):
    """Hears of every change of the chain, in order."""

    def changed(self, change: Change) -> None:
        """Take note; must not take long."""

    async def close(self) -> None:
        """Stop."""


class ChainService:
    """Runs a chain. Use as a context manager; every method may be called from any task of the loop."""

    def __init__(self, open_chain: Callable[[Callable[[Change], None]], Chain], pace: Pace | None = None) -> None:
        self._open_chain = open_chain
        self.pace = pace or Pace()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="chain")
        self._woken = asyncio.Event()
        self._followers: list[Follower] = []
        self._producer: asyncio.Task[None] | None = None
        self.failure: asyncio.Future[None]

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.failure = self._loop.create_future()
        self.chain = await self._work(lambda: self._open_chain(self._heard))
        self.chain.exclusively = self._exclusively
        self.faucet = Faucet(self.chain)
        self._producer = asyncio.create_task(self._produce())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._producer is not None:
            self._producer.cancel()
            await asyncio.gather(self._producer, return_exceptions=True)
        for follower in self._followers:
            await follower.close()
        await self._work(self.chain.close)
        self._worker.shutdown()

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of every change from now on."""
        self._followers.append(follower)

    def _heard(self, change: Change) -> None:
        def tell() -> None:
            for follower in self._followers:
                follower.changed(change)

        self._loop.call_soon_threadsafe(tell)

    def _exclusively(self, change: Callable[[], object]) -> None:
        # The loop reads archive and mempool between two awaits: there, nothing can change under it.
        async def carry_out() -> None:
            change()

        asyncio.run_coroutine_threadsafe(carry_out(), self._loop).result()

    def _work(self, job: Callable[[], T]) -> Awaitable[T]:
        return self._loop.run_in_executor(self._worker, job)

    async def ask(self, question: Callable[[Vm], T]) -> T:
        """Ask the VM something that changes nothing."""
        return await self._work(lambda: self.chain.machine.ask(question))

    async def interface(self, contract_id: str) -> Any:  # noqa: ANN401 - a node's JSON
        """Return a contract's interface, None when there is no such contract."""
        return await self._work(lambda: self.chain.interface(contract_id))

    async def submit(self, raw: bytes) -> str:
        """Take a transaction into the mempool. Returns its id (0x). Raises Undecodable or Rejected."""
        txid = await self._work(lambda: self.chain.submit(raw))
        self._woken.set()
        return txid

    async def give(self, token: Token, recipient: str, amount: int) -> tuple[str, bytes]:
        """Send money from the faucet, waiting like everybody's. Returns the transaction's id (0x) and bytes."""
        if self.faucet.is_busy():
            await self.mine()
        sent = await self._work(lambda: self.faucet.send(token, recipient, amount))
        self._woken.set()
        return sent

    async def mine(self, count: int = 1, *, burn: bool = False) -> list[Block]:
        """Make blocks now. `burn` puts a burn block under each of them."""
        return [await self._work(lambda: self.chain.mine(burn=burn)) for _ in range(count)]

    async def warp(self, seconds: int) -> Block:
        """Put the clock forward and make the block that shows it."""
        await self._work(lambda: self.chain.warp(seconds))
        [block] = await self.mine()
        return block

    async def reorganize(self, plan: Reorganization) -> Change:
        """Replace the latest blocks. Raises InvalidInput, Undecodable or Rejected."""
        return await self._work(lambda: self.chain.reorganize(plan))

    async def _produce(self) -> None:
        try:
            while True:
                await self._until_due()
                await self.mine()
        except Exception as error:  # noqa: BLE001 - whoever serves the chain decides what its end means
            if not self.failure.done():
                self.failure.set_exception(error)

    async def _until_due(self) -> None:
        """Wait until there is a reason for a block."""
        deadline = None if self.pace.empty is None else self._loop.time() + self.pace.empty
        while not self._has_work() and (deadline is None or self._loop.time() < deadline):
            self._woken.clear()
            timeout = None if deadline is None else deadline - self._loop.time()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), timeout)
        if self._has_work() and self.pace.gather:
            await asyncio.sleep(self.pace.gather)
        while self.chain.clock.lead(self.chain.archive.tip.time) > self.pace.max_lead:
            await asyncio.sleep(_LEAD_CHECK_SECONDS)

    def _has_work(self) -> bool:
        return self.pace.gather is not None and self.chain.has_work()
