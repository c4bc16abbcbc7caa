"""A contract call as any wallet can sign it."""

from dataclasses import dataclass

from bitpay.stacks import clarity
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Mode, PostCondition
from bitpay.stacks.transactions import Transaction, contract_call


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, with what, and what may move. Without post-conditions nothing may."""

    contract_id: str
    function: str
    args: tuple[clarity.Value, ...] = ()
    post_conditions: tuple[PostCondition, ...] = ()
    mode: Mode = Mode.DENY

    def transaction(self, *, network: Network, public_key: bytes, nonce: int, fee: int) -> Transaction:
        """Return it as an unsigned transaction. `fee` in micro-STX."""
        return contract_call(
            self.contract_id,
            self.function,
            self.args,
            network=network,
            public_key=public_key,
            nonce=nonce,
            fee=fee,
            post_conditions=self.post_conditions,
            mode=self.mode,
        )
