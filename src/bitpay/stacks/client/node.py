"""A stacks-node's RPC (`/v2`), which the Hiro API passes on."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.client.answers import Account, ContractSource, NodeInfo
from bitpay.stacks.client.errors import AnswerInvalid, ApiNotFound, ApiRefused, ReadFailed
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.http import Http
from bitpay.stacks.client.rejections import rejection
from bitpay.stacks.errors import AddressInvalid
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

    async def pox(self) -> dict[str, Any]:
        """Return the network's parameters as JSON: epochs, block limits, and the sBTC contract that it knows."""
        return Fields(await self._http.get("/v2/pox"), "pox").plain()

    async def account(self, principal: str) -> Account:
        """Return an account's confirmed state; an unknown one has nothing and nonce 0."""
        parse_principal(principal)
        return Account.read(Fields(await self._http.get(f"/v2/accounts/{principal}", proof=0), "account"))

    async def call_read(
        self, contract_id: str, function: str, args: Sequence[clarity.Value] = (), *, sender: str | None = None
    ) -> clarity.Value:
        """Return what a read-only function answers; raises `ReadFailed` with the node's cause.

        `sender` is the tx-sender it sees, by default the contract's own address.
        """
        contract = _contract(contract_id)
        path = f"/v2/contracts/call-read/{contract.address}/{contract.name}/{_segment(function)}"
        body = {"sender": sender or contract.address, "arguments": [clarity.to_hex(value) for value in args]}
        try:
            fields = Fields(await self._http.post(path, body, tip="latest"), "call-read")
        except ApiRefused as error:
            raise ReadFailed(str(error)) from error
        if not fields.flag("okay"):
            raise ReadFailed(fields.text("cause"))
        return fields.value("result")

    async def map_entry(self, contract_id: str, name: str, key: clarity.Value) -> clarity.Value | None:
        """Return a map's value at a key, None when there is none; raises `ApiNotFound` without such a map."""
        contract = _contract(contract_id)
        path = f"/v2/map_entry/{contract.address}/{contract.name}/{_segment(name)}"
        entry = Fields(await self._http.post(path, clarity.to_hex(key), proof=0), "map_entry").value("data")
        match entry:
            case clarity.Some(value):
                return value
            case clarity.NoneValue():
                return None
        raise AnswerInvalid("map_entry.data is not an optional")

    async def data_var(self, contract_id: str, name: str) -> clarity.Value:
        """Return a data variable's value; raises `ApiNotFound` without such a variable."""
        contract = _contract(contract_id)
        path = f"/v2/data_var/{contract.address}/{contract.name}/{_segment(name)}"
        return Fields(await self._http.get(path, proof=0), "data_var").value("data")

    async def contract_source(self, contract_id: str) -> ContractSource | None:
        """Return a contract's source, None when there is no such contract."""
        contract = _contract(contract_id)
        try:
            found = await self._http.get(f"/v2/contracts/source/{contract.address}/{contract.name}", proof=0)
        except ApiNotFound:
            return None
        return ContractSource.read(Fields(found, "source"))

    async def contract_interface(self, contract_id: str) -> dict[str, Any] | None:
        """Return a contract's interface (functions, variables, maps, tokens) as JSON, None without such a contract."""
        contract = _contract(contract_id)
        try:
            found = await self._http.get(f"/v2/contracts/interface/{contract.address}/{contract.name}")
        except ApiNotFound:
            return None
        return Fields(found, "interface").plain()

    async def broadcast(self, raw: bytes) -> str:
        """Send a signed transaction and return its id ("0x" and 64 hex digits).

        Raises a `Rejected` that says why the node refuses it. After an `ApiUnavailable` it may have arrived all the
        same: ask for its id, which `Transaction.txid` knows. A returned id is no promise that it comes into a block.
        """
        answer = await self._http.post_once("/v2/transactions", raw)
        try:
            said = answer.json()
        except AnswerInvalid:
            said = {"reason": "Deserialization", "reason_data": {"message": answer.text[:500]}}
        if answer.status == 200 and isinstance(said, str):
            return Fields({"txid": said}, "broadcast").hash("txid")
        if answer.status == 400 and isinstance(said, dict):
            raise rejection(said)
        raise answer.error()

    async def estimate_fees(self, tx: Transaction) -> tuple[int, int, int]:
        """Return the node's low, middle and high fee for a transaction in micro-STX.

        Raises `ApiRefused` when the node has not seen such a call before.
        """
        body = {"transaction_payload": tx.payload.encode().hex(), "estimated_len": len(tx.encode())}
        fields = Fields(await self._http.post("/v2/fees/transaction", body), "fees")
        low, middle, high = (estimate.number("fee") for estimate in fields.objects("estimations"))
        return low, middle, high


def _contract(contract_id: str) -> Principal:
    contract = parse_principal(contract_id)
    if contract.name is None:
        raise AddressInvalid(f"not a contract: {contract_id}")
    return contract


def _segment(name: str) -> str:
    """Return a name as a path segment: Clarity names may hold `/` and `?`."""
    return clarity_name(name).replace("%", "%25").replace("/", "%2F").replace("?", "%3F").replace("#", "%23")
