"""Money for everybody: an account that owns most of a new chain, and gives it away by ordinary transactions."""

import hashlib
from typing import Literal

from bitpay.kit.errors import InvalidInput
from bitpay.localchain.admission import CHAINING_LIMIT, NETWORK
from bitpay.localchain.chain import SBTC_ASSET, Chain, Genesis
from bitpay.localchain.vm import SBTC
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.clarity import NONE, principal, uint
from bitpay.stacks.errors import StacksError
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.post_conditions import Mode
from bitpay.stacks.transactions import Transaction, contract_call, sign, token_transfer

Token = Literal["stx", "sbtc"]

STX_SUPPLY = 10**16
"""uSTX in the faucet of a new chain."""
SBTC_SUPPLY = 21 * 10**14
"""sats of sBTC in the faucet of a new chain."""
STX_GIFT = 500_000_000
"""uSTX that are given when no amount is named."""
SBTC_GIFT = 10_000_000
"""sats of sBTC that are given when no amount is named."""
_FEE = 1_000

# Known to everybody, like what it guards: money of one local chain.
KEY = PrivateKey(hashlib.sha256(b"faucet of the local Stacks chain").digest() + b"\x01")
ADDRESS = KEY.address(NETWORK)


def endowed(genesis: Genesis) -> Genesis:
    """Return a genesis in which the faucet has something to give."""
    stx, sbtc = {ADDRESS: STX_SUPPLY, **genesis.stx}, {ADDRESS: SBTC_SUPPLY, **genesis.sbtc}
    return Genesis(stx, sbtc, genesis.time)


class Faucet:
    """Sends money on a chain that was endowed."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def is_busy(self) -> bool:
        """Tell whether so many gifts wait that the next ones would exceed what may wait for one account."""
        return len(self._chain.mempool.nonces(ADDRESS)) >= CHAINING_LIMIT

    def send(self, token: Token, recipient: str, amount: int) -> tuple[str, bytes]:
        """Put a gift into the mempool. Returns its transaction id (0x) and bytes. Raises InvalidInput or Rejected."""
        try:
            to = parse_principal(recipient)
        except StacksError as error:
            raise InvalidInput(f"{recipient!r} is not a principal: {error}") from error
        if not 0 < amount <= self._left(token):
            raise InvalidInput(f"The faucet can give 1 to {self._left(token)}, not {amount}.")
        raw = sign(self._transaction(token, str(to), amount), KEY).encode()
        return self._chain.submit(raw), raw

    def _left(self, token: Token) -> int:
        """Return the uSTX or sats that the faucet has at the tip."""
        if token == "stx":  # noqa: S105 - a kind of money
            return max(0, self._chain.stx_balance(ADDRESS) - _FEE)
        return self._chain.archive.holdings.balances.get((ADDRESS, SBTC_ASSET), 0)

    def _transaction(self, token: Token, recipient: str, amount: int) -> Transaction:
        waiting = self._chain.mempool.nonces(ADDRESS)
        nonce = waiting[-1] + 1 if waiting else self._chain.archive.nonces.get(ADDRESS, 0)
        if token == "stx":  # noqa: S105 - a kind of money
            return token_transfer(recipient, amount, network=NETWORK, public_key=KEY.public_key, nonce=nonce, fee=_FEE)
        return contract_call(
            SBTC,
            "transfer",
            [uint(amount), principal(ADDRESS), principal(recipient), NONE],
            network=NETWORK,
            public_key=KEY.public_key,
            nonce=nonce,
            fee=_FEE,
            mode=Mode.ALLOW,
        )
