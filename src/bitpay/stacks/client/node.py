"""A stacks-node's RPC (`/v2`), which the Hiro API passes on."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client.answers import Account, ContractSource, NodeInfo
from bitpay.stacks.client.errors import AnswerInvalid, ApiError, ApiGone, ApiNotFound, ApiRefused, ReadFailed
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.http import Answer, Http
from bitpay.stacks.client.interface import ContractInterface
from bitpay.stacks.client.node_answers import Health, IndexedTransaction, Pox, Simulation
from bitpay.stacks.client.questions import contract_asked, hash_asked, segment
from bitpay.stacks.client.rejections import Rejected, rejection
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.names import clarity_name
from bitpay.stacks.transactions import Transaction

TIMEOUT_SECONDS = 15.0


class NodeClient:
    """Asks a node. Every method raises an `ApiError` when it gets no proper answer within its attempts."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` in seconds for connecting and for each wait; `transport` replaces the network in tests."""
        self._http = Http(base_url, api_key=api_key, timeout=timeout, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def info(self) -> NodeInfo:
        """Return where the node stands."""
        return NodeInfo.read(Fields(await self._http.get("/v2/info"), "info"))

    async def health(self) -> Health:
        """Return how far the node is behind its neighbours."""
        return Health.read(Fields(await self._http.get("/v3/health"), "health"))

    async def pox(self) -> Pox:
        """Return the network's parameters: cycles, epochs, block limits, and the sBTC contracts that it knows."""
        return Pox.read(Fields(await self._http.get("/v2/pox"), "pox"))

    async def account(self, principal: str) -> Account:
        """Return an account's confirmed state; an unknown one has nothing and nonce 0."""
        parse_principal(principal)
        return Account.read(Fields(await self._http.get(f"/v2/accounts/{principal}", proof=0), "account"))

    async def call_read(
        self,
        contract_id: str,
        function: str,
        args: Sequence[clarity.Value] = (),
        *,
        sender: str | None = None,
        tip: str | None = None,
    ) -> clarity.Value:
        """Return what a read-only function answers; raises `ReadFailed` with the node's cause.

        `sender` is the tx-sender it sees, by default the contract's own address; `tip` the index block hash after
        which it is asked, by default the node's newest. Raises `ApiNotFound` where the node has no such block.
        """
        contract = contract_asked(contract_id)
        path = f"/v2/contracts/call-read/{contract.address}/{contract.name}/{segment(clarity_name(function))}"
        caller = contract.address if sender is None else str(parse_principal(sender))
        body = {"sender": caller, "arguments": [clarity.to_hex(value) for value in args]}
        block = "latest" if tip is None else _tip(tip)
        try:
            fields = Fields(await self._http.post(path, body, tip=block), "call-read")
        except ApiRefused as error:
            if error.status != 400:
                raise
            raise ReadFailed(str(error)) from error
        if not fields.flag("okay"):
            raise ReadFailed(fields.text("cause"))
        return fields.value("result")

    async def map_entry(self, contract_id: str, name: str, key: clarity.Value) -> clarity.Value | None:
        """Return a map's value at a key, None when there is none: no such key, map or contract."""
        contract = contract_asked(contract_id)
        path = f"/v2/map_entry/{contract.address}/{contract.name}/{segment(clarity_name(name))}"
        entry = Fields(await self._http.post(path, clarity.to_hex(key), proof=0), "map_entry").value("data")
        match entry:
            case clarity.Some(value):
                return value
            case clarity.NoneValue():
                return None
        raise AnswerInvalid("map_entry.data is not an optional")

    async def data_var(self, contract_id: str, name: str) -> clarity.Value:
        """Return a data variable's value; raises `ApiNotFound` without such a variable."""
        contract = contract_asked(contract_id)
        path = f"/v2/data_var/{contract.address}/{contract.name}/{segment(clarity_name(name))}"
        return Fields(await self._http.get(path, proof=0), "data_var").value("data")

    async def constant(self, contract_id: str, name: str) -> clarity.Value:
        """Return a constant's value; raises `ApiNotFound` without such a constant."""
        contract = contract_asked(contract_id)
        path = f"/v2/constant_val/{contract.address}/{contract.name}/{segment(clarity_name(name))}"
        return Fields(await self._http.get(path), "constant_val").value("data")

    async def contract_source(self, contract_id: str) -> ContractSource | None:
        """Return a contract's source, None when there is no such contract."""
        contract = contract_asked(contract_id)
        try:
            found = await self._http.get(f"/v2/contracts/source/{contract.address}/{contract.name}", proof=0)
        except ApiNotFound:
            return None
        return ContractSource.read(Fields(found, "source"))

    async def contract_interface(self, contract_id: str) -> ContractInterface | None:
        """Return a contract's functions, variables, maps and tokens, None when there is no such contract."""
        contract = contract_asked(contract_id)
        try:
            found = await self._http.get(f"/v2/contracts/interface/{contract.address}/{contract.name}")
        except ApiNotFound:
            return None
        return ContractInterface.read(Fields(found, "interface"))

    async def broadcast(self, raw: bytes) -> str:
        """Send a signed transaction and return its id ("0x" and 64 hex digits).

        Raises a `Rejected` that says why the node refuses it. After an `ApiUnavailable` it may have arrived all the
        same: ask for its id, which `Transaction.txid` knows. A returned id is no promise that it comes into a block.
        """
        answer = await self._http.post_once("/v2/transactions", raw)
        if answer.status == 400:
            raise _refusal(answer)
        if answer.status != 200:
            raise answer.error()
        return Fields({"txid": answer.json()}, "broadcast").asked_hash("txid", _txid(raw))

    async def indexed_transaction(self, txid: str) -> IndexedTransaction | None:
        """Return the bytes and result of a transaction that is in a block, None when the node knows none of that id.

        Raises `ApiUnavailable` (status 501) at a node that keeps no index of transactions (`txindex`).
        """
        name = hash_asked(txid, "a transaction's id")
        try:
            found = await self._http.get(f"/v3/transaction/{name.removeprefix('0x')}")
        except ApiGone:
            raise
        except ApiNotFound:
            return None
        indexed = IndexedTransaction.read(Fields(found, "transaction"))
        if _txid(indexed.raw) != name:
            raise AnswerInvalid(f"the bytes are not those of {name} but of {_txid(indexed.raw)}")
        return indexed

    async def simulate(self, raw: bytes, *, auth_token: str, tip: str | None = None) -> Simulation:
        """Return what a signed transaction would do in the next block, without sending it anywhere.

        `auth_token` is the node's own (`connection_options.auth_token`), `tip` the index block hash it should build on
        instead of its newest. Raises `ApiRefused` for a wrong token, a node without one, and a transaction that no
        block may have (a wrong nonce, too few STX for the fee); `ApiNotFound` for an unknown `tip`.
        """
        params = {} if tip is None else {"tip": _tip(tip)}
        body = {"transaction_hex": raw.hex()}
        answer = await self._http.post("/v3/transactions/simulate", body, authorization=auth_token, **params)
        fields = Fields(answer, "simulation")
        fields.asked_hash("txid", _txid(raw))
        return Simulation.read(fields)

    async def estimate_fees(self, tx: Transaction) -> tuple[int, int, int]:
        """Return the node's low, middle and high fee for a transaction in micro-STX.

        Raises `ApiRefused` when the node has not seen such a call before.
        """
        body = {"transaction_payload": tx.payload.encode().hex(), "estimated_len": len(tx.encode())}
        fields = Fields(await self._http.post("/v2/fees/transaction", body), "fees")
        fees = [estimate.number("fee") for estimate in fields.objects("estimations")]
        if len(fees) != 3:
            raise fields.wrong("estimations", "three estimates")
        return fees[0], fees[1], fees[2]


def _refusal(answer: Answer) -> Rejected | ApiError:
    """Return why a node does not take a transaction: a reason as JSON, or that it could not even read it, as text."""
    try:
        said = answer.json()
    except AnswerInvalid:
        said = {"reason": "Deserialization", "reason_data": {"message": answer.text[:500]}}
    return rejection(said) if isinstance(said, dict) else answer.error()


def _txid(raw: bytes) -> str:
    return f"0x{sha512_256(raw).hex()}"


def _tip(block_hash: str) -> str:
    return hash_asked(block_hash, "a block's hash").removeprefix("0x")
