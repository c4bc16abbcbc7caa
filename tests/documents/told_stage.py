"""Stories of the property tests on the real contracts, told to the ledger as a node's API would tell them."""

import hashlib
from collections.abc import Sequence

from tests.properties.cast import IDS
from tests.properties.stage import Seen, Stage

from bitpay.ledger.source import SourceError
from bitpay.localchain.outcomes import Outcome
from bitpay.stacks import clarity
from bitpay.stacks.client.errors import ApiNotFound
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus


class ToldStage(Stage):
    """A stage that keeps what its calls did, block by block, from the contracts' deployment on."""

    def restore(self) -> None:
        super().restore()
        self.blocks: list[Block] = []

    def _seen(self, outcomes: list[Outcome], reads_before: int) -> Seen:
        self._tell(outcomes[reads_before])
        return super()._seen(outcomes, reads_before)

    def _tell(self, outcome: Outcome) -> None:
        if not hasattr(self, "blocks"):
            return  # before the beginning
        if not self.blocks or self.blocks[-1].header.height != self.vm.height:
            self.blocks.append(Block(self._header(), ()))
        block = self.blocks[-1]
        number = len(block.transactions)
        logs = [event for event in outcome.events if event.kind == "contract_log"]
        receipt = TransactionReceipt(
            txid=_hash(f"{block.header.hash} {number}"),
            index=number,
            status=TransactionStatus.SUCCESS if outcome.succeeded else TransactionStatus.ABORT_BY_RESPONSE,
            sender=IDS.deployer,
            sponsor=None,
            fee=300,
            nonce=0,
            result=outcome.result or b"",
            events=tuple(ContractLog(at, log.contract_id, "print", log.raw_value) for at, log in enumerate(logs)),
        )
        self.blocks[-1] = Block(block.header, (*block.transactions, receipt))

    def _header(self) -> BlockHeader:
        height, time = self.vm.height, self.vm.time
        parent = self.blocks[-1].header.hash if self.blocks else _hash("")
        name = _hash(f"{parent} {height} {time}")
        return BlockHeader(height, name, parent, time, 100, name, time, 1)


class StageNode:
    """The told stage as the audit asks a node."""

    def __init__(self, stage: ToldStage) -> None:
        self._stage = stage

    async def tip(self) -> BlockHeader:
        if not self._stage.blocks:
            raise SourceError("no block yet")
        return self._stage.blocks[-1].header

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        return [block.header for block in self._stage.blocks if first <= block.header.height <= last]

    async def block(self, header: BlockHeader) -> Block:
        return next(block for block in self._stage.blocks if block.header == header)

    async def call_read(
        self, contract_id: str, function: str, args: Sequence[clarity.Value] = (), *, tip: str | None = None
    ) -> clarity.Value:
        if tip not in (None, self._stage.blocks[-1].header.hash):
            raise ApiNotFound(f"Chain tip {tip} not found", status=404)
        return self._stage.vm.read(contract_id, function, args).value


def _hash(text: str) -> str:
    return "0x" + hashlib.sha256(text.encode()).hexdigest()
