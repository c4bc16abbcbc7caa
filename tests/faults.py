"""Faults that a real mongod makes when it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from bitpay.store import Client

Times = int | Literal["always"]


@asynccontextmanager
async def failing(client: Client, times: Times, *commands: str, **how: object) -> AsyncIterator[None]:
    """Make the next commands of these kinds fail as `how` says (mongod's `failCommand`).

    Only clients that call themselves "bitpay" meet it, or those who ask the `namespace` in `how`: the instance that
    tests share runs beside every test, under another name, and would take the fault away from the test.
    """
    mode: object = "alwaysOn" if times == "always" else {"times": times}
    whose = {} if "namespace" in how else {"appName": "bitpay"}
    data = {"failCommands": list(commands), **whose, **how}
    await client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})
    try:
        yield
    finally:
        await client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
