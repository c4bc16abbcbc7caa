import pytest
from tests.instance import LiveInstance


async def test_balances_are_the_chains(live: LiveInstance) -> None:
    told = await live.get(f"/accounts/{live.address('erin')}")
    assert told["address"] == live.address("erin")
    assert told["sbtc"] > 0
    assert told["stx"] > 0
    vault = await live.get(f"/accounts/{live.contracts.vault}")
    assert (vault["stx"], vault["nonce"]) == (0, 0)


@pytest.mark.parametrize("address", ["alice", "ST1", "0x12", "SP.x"])
async def test_what_is_no_address(live: LiveInstance, address: str) -> None:
    answer = await live.http.get(f"/api/v1/accounts/{address}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
