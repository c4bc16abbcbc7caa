"""What the development powers do; each waits until our own lists show it."""

import asyncio

from bitpay.access.clock import ChainClock, Moment
from bitpay.demo.accounts import DemoAccounts
from bitpay.demo.control import ChainControl
from bitpay.demo.schemas import Account, ChainTime, FaucetRequest, Signed, SignRequest
from bitpay.demo.signer import sign_for
from bitpay.kit.errors import InvalidInput, NotFound, Unavailable

_PATIENCE = 10.0
"""Seconds that our ledger may take to follow."""
_GLANCE = 0.02


class DemoService:
    """Demo accounts and the local chain's controls."""

    def __init__(self, accounts: DemoAccounts, control: ChainControl, clock: ChainClock) -> None:
        self._accounts = accounts
        self._control = control
        self._clock = clock

    def accounts(self) -> list[Account]:
        """Return the demo accounts; never their private keys."""
        return [
            Account(name=account.name, address=account.address, public_key=account.key.public_key.hex())
            for account in self._accounts.people()
        ]

    def sign(self, asked: SignRequest) -> Signed:
        """Sign as a demo account. Raises NotFound, InvalidInput."""
        return sign_for(self._accounts.find(asked.account), asked)

    async def broadcast(self, text: str) -> str:
        """Send a signed transaction to the local chain, as wallets do, and return its id. Raises InvalidInput."""
        try:
            raw = bytes.fromhex(text.removeprefix("0x"))
        except ValueError as error:
            raise InvalidInput("A transaction is written in hexadecimal digits.") from error
        return await self._control.broadcast(raw)

    async def faucet(self, asked: FaucetRequest) -> str:
        """Send money to a demo account or any address, and return the transaction's id."""
        return await self._control.faucet(asked.token, self._address(asked.account), asked.amount)

    async def warp(self, seconds: int) -> ChainTime:
        """Let the chain's clock jump."""
        return await self._reached((await self._control.warp(seconds)).height)

    async def mine(self, blocks: int) -> ChainTime:
        """Mine blocks now."""
        return await self._reached((await self._control.mine(blocks))[-1].height)

    def _address(self, who: str) -> str:
        try:
            return self._accounts.find(who).address
        except NotFound:
            return who

    async def _reached(self, height: int) -> ChainTime:
        try:
            async with asyncio.timeout(_PATIENCE):
                moment = await self._moment_at(height)
        except TimeoutError as error:
            raise Unavailable("The chain moved, but BitPay's ledger has not followed yet.") from error
        return ChainTime(height=moment.height, time=moment.time)

    async def _moment_at(self, height: int) -> Moment:
        while (moment := await self._clock.now()).height < height:
            await asyncio.sleep(_GLANCE)
        return moment
