"""Finding what Hiro's API is asked for."""

import re
from typing import Any

from bitpay.localchain.api.guard import ApiError, Misfit
from bitpay.localchain.api.transactions import dropped_v1, dropped_v3, mined_v1, mined_v3, waiting_v1, waiting_v3
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import Block
from bitpay.localchain.mempool import Pending
from bitpay.localchain.service import ChainService
from bitpay.stacks.transactions import ContractCall, Transaction

_HASH = re.compile(r"(0x)?[0-9a-fA-F]{64}")
NO_EVENTS = range(0)
HEAVY_FIELDS = {"function_args", "source_code", "post_conditions", "result"}
"""What v3 says of a transaction only when it is asked to."""
_HEIGHT = re.compile(r"[0-9]{1,12}")


class Views:
    """Looks things up and puts them into the API's words."""

    def __init__(self, service: ChainService) -> None:
        self._service = service
        self.archive = service.chain.archive
        self.mempool = service.chain.mempool

    def before(self, block: Block) -> Block | None:
        """Return the block before a block."""
        known = self.archive.header(block.header.height - 1)
        return self.archive.block(known.height) if known else None

    def block(self, name: str) -> Block:
        """Find a block by "latest", its height or one of its hashes. Raises ApiError."""
        height: int | None = None
        if name == "latest":
            height = self.archive.tip.height
        elif _HASH.fullmatch(name):
            height = self.archive.height_of("0x" + name.removeprefix("0x").lower())
        elif _HEIGHT.fullmatch(name):
            height = int(name)
        if height is None or self.archive.header(height) is None:
            raise ApiError(404, "Block not found")
        return self.archive.block(height)

    def height_of_hash(self, block_hash: str) -> int | None:
        """Return the height of the block with a hash ("0x" and hex digits), which is not its index block hash."""
        name = block_hash.lower()
        height = self.archive.height_of(name)
        return None if height is None or self.archive.block_hash(height) != name else height

    def found(self, place: tuple[int, int]) -> Found:
        """Return the transaction at a height and index."""
        height, index = place
        return Found(self.archive.block(height), index)

    def mined(self, found: Found, include: set[str]) -> dict[str, Any]:
        """Return a transaction in a block (v3)."""
        return mined_v3(found, self.before(found.block), include)

    async def mined_before(self, found: Found, events: range = NO_EVENTS) -> dict[str, Any]:
        """Return a transaction in a block (v1) with some of its events; lists show none."""
        return mined_v1(found, self.before(found.block), await self._interface(found.mined.tx), events)

    def transaction_v3(self, txid: str, include: set[str]) -> dict[str, Any]:
        """Return a transaction wherever it is (v3), with the heavy fields that `include` names. Raises ApiError."""
        if not include <= HEAVY_FIELDS:
            raise Misfit(f"querystring/include must be one or several of {', '.join(sorted(HEAVY_FIELDS))}")
        found = self.archive.transaction(txid)
        if found is not None:
            return self.mined(found, include)
        pending, dropped = self.mempool.get(txid), self.mempool.dropped(txid)
        if pending is not None:
            return waiting_v3(pending, include)
        if dropped is not None:
            return dropped_v3(dropped, include)
        raise ApiError(404, "Transaction not found")

    async def transaction_v1(self, txid: str, events: range) -> dict[str, Any]:
        """Return a transaction wherever it is (v1), with some of its events. Raises ApiError."""
        found = self.archive.transaction(txid)
        if found is not None:
            return await self.mined_before(found, events)
        pending, dropped = self.mempool.get(txid), self.mempool.dropped(txid)
        if pending is not None:
            return await self.waiting_v1(pending)
        if dropped is not None:
            return dropped_v1(dropped, await self._interface(dropped.pending.tx))
        raise ApiError(404, f"could not find transaction by ID {txid}")

    async def waiting_v1(self, pending: Pending) -> dict[str, Any]:
        """Return a transaction that waits (v1)."""
        return waiting_v1(pending, await self._interface(pending.tx))

    async def _interface(self, tx: Transaction) -> Any:  # noqa: ANN401 - a node's JSON
        if isinstance(tx.payload, ContractCall):
            return await self._service.interface(str(tx.payload.contract))
        return None


def txid_of(text: str) -> str:
    """Read a transaction id of a path, with or without 0x. Raises ApiError."""
    if not _HASH.fullmatch(text):
        raise Misfit("params/tx_id must be 64 hexadecimal digits")
    return "0x" + text.removeprefix("0x").lower()
