"""A stacks-node's RPC interface: `/v2` and `/v3`, with the node's own names and errors."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from bitpay.localchain.api.guard import ApiError, hex_of, json_body, principal_of
from bitpay.localchain.api.network import fee_estimate, pox, pox_cycle_facts
from bitpay.localchain.api.node_contracts import add_contract_state, add_contract_texts
from bitpay.localchain.blocks import derived_hash
from bitpay.localchain.operations import PAYMENTS
from bitpay.localchain.service import ChainService
from bitpay.stacks import clarity
from bitpay.stacks.network import Network

SERVER_VERSION = "stacks-node 4.0.0.0.0 (local)"
PEER_VERSION = 0x18000010
MAX_FEE_LENGTH = 2 * 1024 * 1024


def node_routes(service: ChainService) -> APIRouter:
    """Return the node's endpoints."""
    router = APIRouter()
    _add_state(router, service)
    add_contract_state(router, service)
    add_contract_texts(router, service)
    _add_transactions(router, service)
    return router


def _add_state(router: APIRouter, service: ChainService) -> None:
    @router.get("/v2/info")
    async def info() -> JSONResponse:
        tip = service.chain.archive.block(service.chain.archive.tip.height)
        header = tip.header
        consensus = derived_hash("consensus", header.burn_hash)[2:42]
        return JSONResponse(
            {
                "peer_version": PEER_VERSION,
                "pox_consensus": consensus,
                "burn_block_height": header.burn_height,
                "stable_pox_consensus": consensus,
                "stable_burn_block_height": max(0, header.burn_height - 7),
                "server_version": SERVER_VERSION,
                "network_id": Network.TESTNET.chain_id,
                "parent_network_id": 3669344250,
                "stacks_tip_height": header.height,
                "stacks_tip": tip.block_hash[2:],
                "stacks_tip_consensus_hash": consensus,
                "genesis_chainstate_hash": service.chain.archive.first.hash[2:],
                "unanchored_tip": None,
                "unanchored_seq": None,
                "tenure_height": header.tenure_height,
                "exit_at_block_height": None,
                "is_fully_synced": True,
            }
        )

    @router.get("/v3/health")
    async def health() -> JSONResponse:
        height = service.chain.archive.tip.height
        return JSONResponse(
            {
                "difference_from_max_peer": 0,
                "max_stacks_height_of_neighbors": height,
                "max_stacks_neighbor_address": None,
                "node_stacks_tip_height": height,
            }
        )

    @router.get("/v2/pox")
    async def pox_info() -> JSONResponse:
        return JSONResponse(pox(pox_cycle_facts(service.chain.archive.tip.burn_height)))

    @router.get("/v2/accounts/{principal}")
    async def account(principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        outcome = await service.ask(lambda vm: vm.read(PAYMENTS, "account-of", [clarity.principal(who)]))
        facts: dict[str, int] = clarity.to_python(outcome.value)
        return JSONResponse(
            {
                "balance": f"0x{facts['unlocked']:032x}",
                "locked": f"0x{facts['locked']:032x}",
                "unlock_height": facts["unlock-height"],
                "nonce": service.chain.archive.nonces.get(who, 0),
            }
        )


def _add_transactions(router: APIRouter, service: ChainService) -> None:
    @router.post("/v2/transactions")
    async def broadcast(request: Request) -> JSONResponse:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "application/octet-stream":
            raw = await request.body()
        elif kind == "application/json":
            body = await json_body(request)
            raw = hex_of(body.get("tx") if isinstance(body, dict) else None, "tx")
        else:
            message = "Wrong Content-Type for transaction; expected application/json or application/octet-stream"
            raise ApiError(400, message, plain=True)
        return JSONResponse((await service.submit(raw)).removeprefix("0x"))

    @router.post("/v2/fees/transaction")
    async def fees(request: Request) -> JSONResponse:
        body = await json_body(request)
        payload = hex_of(body.get("transaction_payload") if isinstance(body, dict) else None, "transaction_payload")
        length = body.get("estimated_len") or len(payload) + 180
        if not isinstance(length, int) or not 0 < length <= MAX_FEE_LENGTH:
            raise ApiError(400, "estimated_len must be a number of bytes", plain=True)
        return JSONResponse(fee_estimate(max(length, len(payload))))

    @router.get("/v2/fees/transfer")
    async def transfer_fee() -> PlainTextResponse:
        return PlainTextResponse("1", media_type="application/json")

    @router.get("/v3/transaction/{txid}")
    async def transaction(txid: str) -> JSONResponse:
        found = service.chain.archive.transaction("0x" + hex_of(txid, "txid").hex())
        if found is None:
            raise ApiError(404, f"Transaction {txid[:70]} not found", plain=True)
        return JSONResponse(
            {
                "index_block_hash": found.block.header.hash[2:],
                "tx": found.mined.raw.hex(),
                "result": "0x" + found.mined.result.hex(),
                "block_height": found.block.header.height,
                "is_canonical": True,
            }
        )
