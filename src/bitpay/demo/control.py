"""The local chain's control endpoints."""

from typing import Any

import httpx

from bitpay.kit.errors import InvalidInput, Unavailable

TOKEN_HEADER = "X-Localchain-Token"  # noqa: S105 - a header's name
TIMEOUT_SECONDS = 30.0


class ChainControl:
    """Asks the local chain at `url` for money, time and blocks; `token` is what it was started with."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={TOKEN_HEADER: token}, timeout=TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def faucet(self, token: str, address: str, amount: int) -> str:
        """Send sats ("sbtc") or micro-STX ("stx") out of nothing and return the transaction's id."""
        answer = await self._post("/control/faucet", {"token": token, "address": address, "amount": amount})
        return str(answer["txid"])

    async def warp(self, seconds: int) -> int:
        """Put the chain's clock forward and return the height of the block that shows it."""
        return int((await self._post("/control/warp", {"seconds": seconds}))["height"])

    async def mine(self, blocks: int) -> int:
        """Mine blocks now and return the last one's height."""
        return int((await self._post("/control/mine", {"count": blocks}))["blocks"][-1]["height"])

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._http.post(path, json=body)
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("The local chain does not answer.") from error
        if answer.is_success:
            return told
        raise InvalidInput(f"The local chain refused it: {told.get('error') or told.get('reason')}.")
