"""Routes of the development powers: `/dev`. They exist on the local network only, see `guard`."""

from fastapi import APIRouter, Depends

from bitpay.demo.guard import DevGuard
from bitpay.demo.schemas import (
    AccountList,
    BroadcastRequest,
    ChainTime,
    FaucetRequest,
    MineRequest,
    Signed,
    SignRequest,
    WarpRequest,
)
from bitpay.demo.service import DemoService


def demo_router(demo: DemoService, guard: DevGuard) -> APIRouter:
    """Return the routes, every one of them behind the guard."""
    router = APIRouter(prefix="/dev", dependencies=[Depends(guard.check)], include_in_schema=False)

    @router.get("/accounts")
    async def accounts() -> AccountList:
        return AccountList(accounts=demo.accounts())

    @router.post("/sign")
    async def sign(asked: SignRequest) -> Signed:
        return demo.sign(asked)

    @router.post("/broadcast", status_code=202)
    async def broadcast(asked: BroadcastRequest) -> dict[str, str]:
        return {"txid": await demo.broadcast(asked.tx)}

    @router.post("/faucet", status_code=202)
    async def faucet(asked: FaucetRequest) -> dict[str, str]:
        return {"txid": await demo.faucet(asked)}

    @router.post("/warp")
    async def warp(asked: WarpRequest) -> ChainTime:
        return await demo.warp(asked.seconds)

    @router.post("/mine")
    async def mine(asked: MineRequest) -> ChainTime:
        return await demo.mine(asked.blocks)

    return router
