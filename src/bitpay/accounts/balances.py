"""What an address holds, as the node says."""

import asyncio

from bitpay.access.node import asking_node
from bitpay.accounts.schemas import Balances
from bitpay.kit.errors import InvalidInput
from bitpay.protocol.ids import Contracts
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import StacksClient
from bitpay.stacks.errors import AddressInvalid, NameInvalid


class BalanceReader:
    """Asks the node for balances and nonces."""

    def __init__(self, client: StacksClient, contracts: Contracts) -> None:
        self._client = client
        self._contracts = contracts

    async def read(self, address: str) -> Balances:
        """Return what an account or contract can spend, and its next nonce. Raises InvalidInput, NodeUnavailable."""
        try:
            who = parse_principal(address)
        except (AddressInvalid, NameInvalid) as error:
            raise InvalidInput("This is not a Stacks address or contract.") from error
        with asking_node():
            sbtc, stx, nonce = await asyncio.gather(
                self._client.ft_balance(address, self._contracts.sbtc_asset),
                self._client.stx_balance(address),
                _no_nonce() if who.is_contract else self._client.next_nonce(address),
            )
        return Balances(address=address, sbtc=sbtc, stx=stx.available, nonce=nonce)


async def _no_nonce() -> int:
    """Contracts sign nothing."""
    return 0
