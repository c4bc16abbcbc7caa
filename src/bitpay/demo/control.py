"""The local chain's control endpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import httpx

from bitpay.kit.errors import InvalidInput, Unavailable

TOKEN_HEADER = "X-Localchain-Token"  # noqa: S105 - a header's name
TIMEOUT_SECONDS = 30.0

Token = Literal["stx", "sbtc"]
Order = Literal["same", "reversed", "shuffled"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the local chain: `hash` is its index block hash, `time` in Unix seconds, `transactions` by id."""

    height: int
    hash: str
    time: int
    transactions: tuple[str, ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """Read the chain's JSON."""
        return cls(int(told["height"]), str(told["hash"]), int(told["time"]), tuple(told["transactions"]))


@dataclass(frozen=True, slots=True)
class Change:
    """What a reorganisation took off (newest first) and what it put there instead (oldest first)."""

    rollback: tuple[Block, ...]
    apply: tuple[Block, ...]


class ChainControl:
    """Asks the local chain at `url` for money, time and blocks; `token` is what it was started with.

    Every method raises InvalidInput for what the chain refuses and Unavailable where it does not answer within
    `timeout` seconds.
    """

    def __init__(self, url: str, token: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={TOKEN_HEADER: token}, timeout=timeout)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def faucet(self, token: Token, address: str, amount: int) -> str:
        """Send sats ("sbtc") or micro-STX ("stx") out of nothing and return the transaction's id."""
        answer = await self._post("/control/faucet", {"token": token, "address": address, "amount": amount})
        return str(answer["txid"])

    async def warp(self, seconds: int) -> Block:
        """Put the chain's clock forward and return the block that shows it."""
        return Block.read(await self._post("/control/warp", {"seconds": seconds}))

    async def mine(self, blocks: int, *, burn: bool = False) -> list[Block]:
        """Mine blocks now, with `burn` each on a Bitcoin block of its own, and return them."""
        answer = await self._post("/control/mine", {"count": blocks, "burn": burn})
        return [Block.read(one) for one in answer["blocks"]]

    async def reorganize(
        self,
        depth: int,
        *,
        drop: Sequence[str] = (),
        order: Order = "same",
        blocks: int | None = None,
        seed: int = 0,
    ) -> Change:
        """Replace the latest `depth` blocks by others (`blocks` of them, one more when None).

        Their transactions come again in `order` (`seed` decides a shuffle), without `drop`, ids of 64 hex digits.
        """
        plan = {"depth": depth, "drop": list(drop), "order": order, "blocks": blocks, "seed": seed}
        answer = await self._post("/control/reorg", plan)
        rollback, apply = (tuple(Block.read(one) for one in answer[side]) for side in ("rollback", "apply"))
        return Change(rollback, apply)

    async def broadcast(self, raw: bytes) -> str:
        """Put a signed transaction into the chain's mempool and return its id (0x)."""
        headers = {"content-type": "application/octet-stream"}
        return f"0x{await self._ask('POST', '/v2/transactions', content=raw, headers=headers)}"

    async def status(self) -> dict[str, Any]:
        """Return where the chain stands: heights, time and offset in seconds, what waits, and its `hooks`."""
        return {**await self._ask("GET", "/control/status"), **await self._ask("GET", "/control/hooks")}

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = await self._ask("POST", path, json=body)
        return told

    async def _ask(self, method: str, path: str, **rest: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = await self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise Unavailable("The local chain does not answer.") from error
        if answer.is_success:
            return answer.json()
        raise InvalidInput(f"The local chain refused it: {_reason(answer).rstrip('.')}.")


def _reason(answer: httpx.Response) -> str:
    """Return why the chain said no: as a node it says so in plain text or JSON."""
    try:
        told = answer.json()
        return ": ".join(str(told[name]) for name in ("error", "reason") if told.get(name))
    except (ValueError, AttributeError):
        return answer.text
