"""Accounts that sign for the tests of the local chain."""

from collections.abc import Sequence
from dataclasses import dataclass

from bitpay.stacks.clarity import Value
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Mode, PostCondition
from bitpay.stacks.transactions import Transaction, contract_call, contract_deploy, sign, token_transfer

NETWORK = Network.TESTNET


@dataclass
class Account:
    """A key that counts its nonces."""

    key: PrivateKey
    nonce: int = 0
    fee: int = 5_000

    @property
    def address(self) -> str:
        return self.key.address(NETWORK)

    def call(
        self,
        contract: str,
        function: str,
        args: Sequence[Value] = (),
        post_conditions: Sequence[PostCondition] = (),
        mode: Mode = Mode.ALLOW,
    ) -> bytes:
        tx = contract_call(
            contract,
            function,
            args,
            network=NETWORK,
            public_key=self.key.public_key,
            nonce=self.nonce,
            fee=self.fee,
            post_conditions=post_conditions,
            mode=mode,
        )
        return self.signed(tx)

    def deploy(self, name: str, source: str, mode: Mode = Mode.DENY) -> bytes:
        tx = contract_deploy(
            name,
            source,
            network=NETWORK,
            public_key=self.key.public_key,
            nonce=self.nonce,
            fee=max(self.fee, len(source) + 500),
            clarity_version=4,
            mode=mode,
        )
        return self.signed(tx)

    def transfer(self, recipient: str, amount: int, memo: bytes = b"") -> bytes:
        tx = token_transfer(
            recipient,
            amount,
            network=NETWORK,
            public_key=self.key.public_key,
            nonce=self.nonce,
            fee=self.fee,
            memo=memo,
        )
        return self.signed(tx)

    def signed(self, tx: Transaction) -> bytes:
        self.nonce += 1
        return sign(tx, self.key).encode()

    def again(self, nonce: int | None = None, fee: int | None = None) -> "Account":
        """The same account as another wallet sees it."""
        return Account(self.key, self.nonce if nonce is None else nonce, self.fee if fee is None else fee)


def account(number: int) -> Account:
    return Account(PrivateKey(bytes([number]) * 32))
