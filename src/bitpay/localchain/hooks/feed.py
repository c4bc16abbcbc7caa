"""An event observer's deliveries: every block, in order, for as long as the observer needs to take it.

As a stacks-node does (stacks-core, event_dispatcher/worker.rs): only status 200 means that something was taken, and
nothing is given up. A node keeps what waits on disk; here it is on disk already, in the chain itself, and only the
observer's place in it is kept. So what was replaced before the observer could take it is not delivered.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from bitpay.localchain.blocks import Block, Change
from bitpay.localchain.hooks import observer
from bitpay.localchain.hooks.courier import Courier, Patience, Post, State
from bitpay.localchain.hooks.misbehaviour import Misbehaviour
from bitpay.localchain.hooks.places import Place, Places
from bitpay.localchain.service import ChainService
from bitpay.stacks.transactions import SmartContract

_log = structlog.get_logger(__name__)

_TIMEOUT = 3.0
PATIENCE = Patience(attempts=None, timeout=_TIMEOUT, longest_pause=3 * _TIMEOUT, accepted=range(200, 201))


class Feed:
    """Posts the chain to one observer, from a task of its own."""

    def __init__(self, url: str, uuid: str, service: ChainService, places: Places) -> None:
        self.url = url
        self.state: State = "streaming"
        self._uuid = uuid
        self._service = service
        self._archive = service.chain.archive
        self._places = places
        self._heard = places.of(uuid)
        self._courier = Courier(url, dict, PATIENCE)
        self._woken = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop at once; the next start goes on with what was not taken."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def misbehave(self, habits: Misbehaviour) -> None:
        """Spoil deliveries from now on."""
        self._courier.misbehave(habits)
        self._woken.set()

    def changed(self, change: Change) -> None:
        """Go on after a change: from where another history begins, if the last block heard was taken off."""
        if change.rollback and not self._heard.is_in(self._archive):
            self._heard = Place.before(change.rollback[-1].header)
        self._woken.set()

    async def _run(self) -> None:
        try:
            async with self._courier:
                while True:
                    await self._go_on()
        except Exception:  # noqa: BLE001 - its status and the log say so
            _log.exception("an observer cannot be served any more", url=self.url)
            self.state = "interrupted"

    async def _go_on(self) -> None:
        block = self._next()
        if block is not None:
            await self._courier.carry(await self._posts(block))
            took = Place.of(block.header)
            if took.is_in(self._archive):  # else it was replaced on the way: another one comes instead
                self._heard = took
            self._keep_place()
        elif self._courier.releases:
            await self._courier.carry(())
            self._keep_place()
        else:
            self._woken.clear()
            await self._woken.wait()

    def _next(self) -> Block | None:
        """Return the block after the one heard last; none either while that one is off the chain, until told so."""
        height = self._heard.height + 1
        if not self._heard.is_in(self._archive) or self._archive.header(height) is None:
            return None
        return self._archive.block(height)

    def _keep_place(self) -> None:
        if self._heard.is_in(self._archive) and not self._courier.holds:
            self._places.keep(self._uuid, self._heard)

    async def _posts(self, block: Block) -> list[Post]:
        before = self._archive.header(block.header.height - 1)
        parent = self._archive.block(before.height) if before else None
        interfaces = await self._interfaces(block)
        posts = [("/new_block", observer.new_block(block, parent, interfaces.get))]
        if block.opens_tenure:
            posts.insert(0, ("/new_burn_block", observer.new_burn_block(block, parent)))
        return posts

    async def _interfaces(self, block: Block) -> Mapping[str, Any]:
        deployed = [
            f"{mined.tx.origin_address}.{mined.tx.payload.name}"
            for mined in block.transactions
            if mined.succeeded and isinstance(mined.tx.payload, SmartContract)
        ]
        return {name: await self._service.interface(name) for name in deployed}
