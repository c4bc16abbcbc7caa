import pytest
from tests.instance import LiveInstance


async def test_a_streams_life_balances_to_the_sat(live: LiveInstance) -> None:
    async def sats() -> dict[str, int]:
        people = {name: live.address(name) for name in ("alice", "bob")} | {"vault": live.contracts.vault}
        return {name: (await live.get(f"/accounts/{who}"))["sbtc"] for name, who in people.items()}

    before = await sats()
    stream = await live.open_stream("alice", "bob", amount=1_000_000, duration=1_000)
    stream_id = stream["streamId"]
    assert (stream["status"], stream["amount"], stream["fee"]) == ("streaming", 1_000_000, 1_000)
    await live.warp(250)
    prepared = await live.post(f"/streams/{stream_id}/prepare-withdraw", {"sender": live.address("bob")})
    assert (await live.send(prepared, "bob"))["status"] == "success"
    prepared = await live.post(f"/streams/{stream_id}/prepare-cancel", {"sender": live.address("alice")})
    assert (await live.send(prepared, "alice"))["status"] == "success"
    stopped = await live.get(f"/streams/{stream_id}")
    if stopped["withdrawableAmount"]:
        prepared = await live.post(f"/streams/{stream_id}/prepare-withdraw", {"sender": live.address("bob")})
        assert (await live.send(prepared, "bob"))["status"] == "success"
    ended, after = await live.get(f"/streams/{stream_id}"), await sats()
    assert ended["status"] == "depleted"
    assert ended["withdrawnAmount"] + ended["refundedAmount"] == 1_000_000
    assert after["alice"] == before["alice"] - 1_001_000 + ended["refundedAmount"]
    assert after["bob"] == before["bob"] + ended["withdrawnAmount"]
    assert after["vault"] == before["vault"] + 1_000


async def test_a_contracts_refusal_is_told_in_words(live: LiveInstance) -> None:
    stream = await live.open_stream("alice", "bob")
    await live.warp(500)
    path = f"/streams/{stream['streamId']}/prepare-cancel"
    prepared = await live.post(path, {"sender": live.address("alice")})
    assert (await live.send(prepared, "alice"))["status"] == "success"
    told = await live.send(prepared, "alice")
    assert told["status"] == "abort_by_response"
    assert told["block"]["height"] > 0
    assert len(told["reason"]) > 20
    assert "u5" not in told["reason"]


async def test_a_refusal_that_breaks_a_post_condition_too_is_told_as_the_contracts_own(live: LiveInstance) -> None:
    """Nothing is paid for what is refused, so "exactly this much is paid" does not hold; that is not the reason."""
    balance = (await live.get(f"/accounts/{live.address('dave')}"))["sbtc"]
    told = await live.send(await live.prepare_create("dave", "bob", amount=balance), "dave")
    assert told["status"] == "abort_by_post_condition"
    assert told["reason"] == "There is not enough sBTC in your wallet for the amount and its fee."


async def test_a_post_condition_stops_what_was_not_agreed_to(live: LiveInstance) -> None:
    stream = await live.open_stream("alice", "bob", amount=50_000)
    prepared = await live.prepare_create("alice", "bob", amount=60_000)
    smaller = await live.prepare_create("alice", "bob", amount=50_000)
    told = await live.send({**prepared, "postConditions": smaller["postConditions"]}, "alice")
    assert told["status"] == "abort_by_post_condition"
    assert "post-condition" in told["reason"]
    newest = (await live.get("/streams", sender=live.address("alice"), limit=1))["items"][0]
    assert newest["streamId"] == stream["streamId"]


async def test_a_transaction_that_the_wallet_sent_itself_can_be_read_too(live: LiveInstance) -> None:
    transaction = await live.signed(await live.prepare_create("erin", "bob"), "erin")
    txid = await live.stacks.broadcast(transaction.encode())
    assert (await live.outcome(txid))["status"] == "success"


@pytest.mark.parametrize("txid", ["x", "0x12", "zz" * 32, "0x" + "ab" * 33])
async def test_what_is_no_transaction_id(live: LiveInstance, txid: str) -> None:
    assert (await live.http.get(f"/api/v1/transactions/{txid}")).status_code == 400


async def test_what_nobody_has_heard_of(live: LiveInstance) -> None:
    assert (await live.http.get(f"/api/v1/transactions/{'ab' * 32}")).status_code == 404
