"""Blocks and burn blocks as Hiro's API (v2) writes them."""

from collections.abc import Sequence
from typing import Any

from bitpay.localchain.api.values import iso
from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Block
from bitpay.stacks.model import BlockHeader

_ONLY_V2 = {"parent_index_block_hash", "tx_count"}


def block_json(block: Block, parent: Block | None) -> dict[str, Any]:
    """Return an entry of `/extended/v2/blocks`; `parent` is the block before."""
    header = block.header
    return {
        "canonical": True,
        "height": header.height,
        "hash": block.block_hash,
        "block_time": header.time,
        "block_time_iso": iso(header.time),
        "tenure_height": header.tenure_height,
        "index_block_hash": header.hash,
        "parent_block_hash": parent.block_hash if parent else header.parent_hash,
        "parent_index_block_hash": header.parent_hash,
        "burn_block_time": header.burn_time,
        "burn_block_time_iso": iso(header.burn_time),
        "burn_block_hash": header.burn_hash,
        "burn_block_height": header.burn_height,
        "miner_txid": header.burn_hash,
        "tx_count": len(block.transactions),
        "execution_cost_read_count": _total(block, "read_count"),
        "execution_cost_read_length": _total(block, "read_length"),
        "execution_cost_runtime": _total(block, "runtime"),
        "execution_cost_write_count": _total(block, "write_count"),
        "execution_cost_write_length": _total(block, "write_length"),
    }


def block_v1(block: Block, parent: Block | None) -> dict[str, Any]:
    """Return an entry of `/extended/v1/block`; `parent` is the block before."""
    newer = block_json(block, parent)
    said = {name: value for name, value in newer.items() if name not in _ONLY_V2}
    return {
        **said,
        "txs": [mined.txid for mined in reversed(block.transactions)],
        "parent_microblock_hash": "",
        "parent_microblock_sequence": -1,
        "microblocks_accepted": [],
        "microblocks_streamed": [],
        "microblock_tx_count": {},
    }


def _total(block: Block, name: str) -> int:
    return sum(getattr(mined.cost, name) for mined in block.transactions if mined.cost)


def burn_blocks(archive: Archive, offset: int, limit: int) -> list[dict[str, Any]]:
    """Return entries of `/extended/v2/burn-blocks`, newest first."""
    found: list[dict[str, Any]] = []
    height = archive.tip.height
    while height >= archive.first.height and len(found) < offset + limit:
        tenure = _tenure(archive, height)
        hashes = [archive.block_hash(header.height) for header, _ in tenure]
        found.append(_burn_block_json(tenure, hashes))
        height = tenure[-1][0].height - 1
    return found[offset:]


def _tenure(archive: Archive, height: int) -> list[tuple[BlockHeader, int]]:
    """Return the headers on one burn block with their numbers of transactions, newest first."""
    headers: list[tuple[BlockHeader, int]] = []
    while True:
        page = archive.headers(height, 100)
        for header, count in page:
            if headers and header.burn_hash != headers[0][0].burn_hash:
                return headers
            headers.append((header, count))
        height = page[-1][0].height - 1
        if height < archive.first.height:
            return headers


def _burn_block_json(tenure: Sequence[tuple[BlockHeader, int]], hashes: Sequence[str]) -> dict[str, Any]:
    newest, oldest = tenure[0][0], tenure[-1][0]
    return {
        "burn_block_height": newest.burn_height,
        "burn_block_hash": newest.burn_hash,
        "burn_block_time": newest.burn_time,
        "burn_block_time_iso": iso(newest.burn_time),
        "stacks_blocks": hashes,
        "avg_block_time": (newest.time - oldest.time) // (len(tenure) - 1) if len(tenure) > 1 else 0,
        "total_tx_count": sum(count for _, count in tenure),
    }
