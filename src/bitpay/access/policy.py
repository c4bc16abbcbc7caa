"""Fees, the pause switch and roles, as the access-control contract answers; remembered for a few seconds."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bitpay.access.node import asking_node
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.client import StacksClient

_REMEMBERED = 10.0
"""Seconds. What changes here changes by a proposal that waited a day; a stale fee makes a wallet refuse, no more."""
_MAX_ROLES = 1_000


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms new business is done. Fees in basis points (1/10000)."""

    creation_bps: int
    marketplace_bps: int
    finalized: bool
    paused: bool


class AccessPolicy:
    """Reads the access-control contract; also the RoleSource of the routes."""

    def __init__(self, client: StacksClient, contracts: Contracts) -> None:
        self._client = client
        self._contracts = contracts
        self._terms: tuple[float, Terms] | None = None
        self._roles: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = asyncio.Lock()

    async def terms(self) -> Terms:
        """Return the present terms."""
        async with self._lock:
            if self._terms is None or _is_old(self._terms[0]):
                self._terms = (time.monotonic(), await self._read_terms())
            return self._terms[1]

    async def roles(self, address: str) -> frozenset[str]:
        """Return the roles that the address holds: "admin", "operator"."""
        known = self._roles.get(address)
        if known is not None and not _is_old(known[0]):
            return known[1]
        who = clarity.principal(address)
        is_admin, is_operator = await asyncio.gather(self._read("is-admin", [who]), self._read("is-operator", [who]))
        roles = frozenset(
            name for name, holds in (("admin", is_admin), ("operator", is_operator)) if holds == clarity.TRUE
        )
        if len(self._roles) >= _MAX_ROLES:
            self._roles.clear()
        self._roles[address] = (time.monotonic(), roles)
        return roles

    async def _read_terms(self) -> Terms:
        fees, finalized, paused = await asyncio.gather(
            self._read("get-fees"), self._read("is-finalized"), self._read("is-paused")
        )
        rates = clarity.to_python(fees)
        return Terms(rates["creation"], rates["marketplace"], finalized == clarity.TRUE, paused == clarity.TRUE)

    async def _read(self, function: str, args: Sequence[clarity.Value] = ()) -> clarity.Value:
        contract = self._contracts.access_control
        with asking_node():
            return await self._client.call_read(contract, function, args, sender=self._contracts.deployer)


def _is_old(since: float) -> bool:
    return time.monotonic() - since > _REMEMBERED
