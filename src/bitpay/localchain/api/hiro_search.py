"""Hiro's API: finding blocks, transactions, accounts and contracts by what somebody types."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.guard import ApiError
from bitpay.localchain.api.transactions import kind_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.archive import Found
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.errors import StacksError

_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
Answer = tuple[str, dict[str, Any] | None, str]
"""What the term is, what was found, and what to say when nothing was."""


def add_search(router: APIRouter, views: Views) -> None:
    """Add the endpoint."""

    @router.get("/v1/search/{term}")
    async def search(request: Request, term: str) -> JSONResponse:
        if request.query_params.get("include_metadata") == "true":
            raise ApiError(400, "The search of the local chain has no metadata.")
        kind, found, error = _search(views, term.strip())
        if found is None:
            return JSONResponse({"found": False, "result": {"entity_type": kind}, "error": error}, 404)
        return JSONResponse(
            {"found": True, "result": {"entity_id": _id_of(term.strip()), "entity_type": kind, **found}}
        )


def _id_of(term: str) -> str:
    named = _HASH.fullmatch(term)
    return f"0x{named[1].lower()}" if named else term


def _search(views: Views, term: str) -> Answer:
    named = _HASH.fullmatch(term)
    if named:
        return _by_hash(views, f"0x{named[1].lower()}")
    try:
        principal = parse_principal(term)
    except StacksError:
        what = "block hash, transaction ID, contract principal, or account address principal"
        return "invalid_term", None, f'The term "{term}" is not a valid {what}'
    missing = f'No principal found with address "{term}"'
    if principal.name is not None:
        deployed = views.archive.deployment(term)
        data = {"tx_data": {**_place(deployed), "tx_id": deployed.mined.txid}} if deployed else None
        return "contract_address", data, missing
    known = views.archive.involving(term) or any(owner == term for owner, _ in list(views.archive.holdings.flows))
    return "standard_address", {} if known else None, missing


def _by_hash(views: Views, name: str) -> Answer:
    height = views.height_of_hash(name)
    if height is not None:
        block = views.archive.block(height)
        parent = views.before(block)
        data = {
            "canonical": True,
            "hash": block.block_hash,
            "parent_block_hash": parent.block_hash if parent else block.header.parent_hash,
            "burn_block_time": block.header.burn_time,
            "height": height,
        }
        return "block_hash", {"block_data": data}, ""
    found, waiting = views.archive.transaction(name), views.mempool.get(name)
    if found is not None:
        return "tx_id", {"tx_data": _place(found)}, ""
    if waiting is not None:
        return "mempool_tx_id", {"tx_data": {"tx_type": kind_of(waiting.tx)}}, ""
    return "unknown_hash", None, f'No block or transaction found with hash "{name}"'


def _place(found: Found) -> dict[str, Any]:
    header = found.block.header
    return {
        "canonical": True,
        "block_hash": found.block.block_hash,
        "burn_block_time": header.burn_time,
        "block_height": header.height,
        "tx_type": kind_of(found.mined.tx),
    }
