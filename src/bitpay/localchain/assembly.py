"""Making a block of waiting transactions."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bitpay.localchain import blocks
from bitpay.localchain.blocks import Block, MinedTransaction
from bitpay.localchain.machine import Machine
from bitpay.localchain.mempool import Pending
from bitpay.stacks.model import BlockHeader

MAX_TRANSACTIONS = 500


class Ground(Protocol):
    """What a block is put on."""

    @property
    def tip(self) -> BlockHeader:
        """The header of the latest block."""

    @property
    def nonces(self) -> Mapping[str, int]:
        """The next nonce of every account that has used one."""


class Assembler:
    """Makes blocks; it is for others to keep them. The VM must be in the state after the ground's tip."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.left_out: frozenset[str] = frozenset()
        """Transactions that fitted into the last block but could not be in it: nobody could pay for them."""

    def assemble(
        self,
        ground: Ground,
        time: int,
        waiting: Sequence[Pending],
        *,
        burn: bool,
        fork: int,
        limit: int = MAX_TRANSACTIONS,
    ) -> Block:
        """Make the block after the ground's tip, at `time`.

        `burn` puts a burn block under it, `fork` counts the reorganisations so far. It takes up to `limit`
        transactions in order of arrival, as far as their nonces follow one another.
        """
        vm = self._machine.vm
        vm.open_block(time, burn=burn)
        mined = self._execute(dict(ground.nonces), waiting, limit)
        place = {"height": vm.height, "time": time, "burn_height": vm.burn_height, "burn_time": vm.burn_time}
        return blocks.seal(ground.tip, place, mined, fork=fork)

    def _execute(self, nonces: dict[str, int], waiting: Sequence[Pending], limit: int) -> list[MinedTransaction]:
        left, mined, left_out = list(waiting), list[MinedTransaction](), set[str]()
        while len(mined) < limit:
            ready = [one for one in left if all(nonces.get(who, 0) == nonce for who, nonce in one.claims)]
            if not ready:
                break
            for entry in ready[: limit - len(mined)]:
                done = self._machine.run(entry)
                left.remove(entry)
                if done is None:
                    left_out.add(entry.txid)
                else:
                    mined.append(done)
                    nonces.update({who: nonce + 1 for who, nonce in entry.claims})
        self.left_out = frozenset(left_out)
        return mined
