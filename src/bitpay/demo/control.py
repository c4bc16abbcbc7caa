"""The local chain's control endpoints."""

from typing import Any

import httpx

from bitpay.kit.errors import Conflict, InvalidInput, Unavailable

TIMEOUT_SECONDS = 30.0


class ChainControl:
    """Asks the local chain at `url` for money, time and blocks; `token` is what it was started with."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def faucet(self, asset: str, address: str, amount: int) -> str:
        """Send money out of nothing (sats or micro-STX) and return the transaction's id."""
        answer = await self._post("/control/faucet", {"token": asset, "recipient": address, "amount": amount})
        return str(answer["txid"])

    async def warp(self, seconds: int) -> int:
        """Put the chain's clock forward and return the height of the block that shows it."""
        return int((await self._post("/control/warp", {"seconds": seconds}))["height"])

    async def mine(self, blocks: int) -> int:
        """Mine blocks now and return the last one's height."""
        return int((await self._post("/control/mine", {"blocks": blocks}))["height"])

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._http.post(path, json=body)
        except httpx.HTTPError as error:
            raise Unavailable("The local chain does not answer.") from error
        if answer.is_success:
            told: dict[str, Any] = answer.json()
            return told
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> Exception:
    sentence = f"The local chain refused it: {answer.text[:300]}"
    return Conflict(sentence) if answer.status_code == httpx.codes.CONFLICT else InvalidInput(sentence)
