"""The connection: what the server sees of us."""

import pytest

from bitpay.store import connect


@pytest.mark.parametrize(("option", "name"), [("", "bitpay"), ("&appName=payroll", "payroll")])
async def test_an_operator_may_name_the_client_in_the_url(mongo_url: str, option: str, name: str) -> None:
    async with connect(mongo_url + option) as client:
        answer = await client.admin.command({"currentOp": 1, "command.currentOp": 1, "appName": name})
    assert answer["inprog"]
