from typing import Any

import pytest
from pydantic import ValidationError
from tests.streams.conftest import GivenTerms
from tests.streams.folded import ALICE, BOB, CONTRACTS, NOW, SBTC, address, cancelled, opened, store, withdrawn

from bitpay.access.policy import Terms
from bitpay.kit.errors import Forbidden
from bitpay.kit.money import MAX_SATS
from bitpay.stacks import clarity, post_conditions
from bitpay.stacks.post_conditions import Compare, FtPostCondition
from bitpay.store import Database
from bitpay.streams.orders import InvalidOrder
from bitpay.streams.schemas import PrepareCreate, PreparedCall
from bitpay.streams.service import NotCancelable, NothingDue, Paused, StreamService

ORDER: dict[str, Any] = {"sender": ALICE, "recipient": BOB, "amount": 100_000, "duration": 3_600}


def conditions(call: PreparedCall) -> list[tuple[str, Compare, int]]:
    decoded = [post_conditions.decode(bytes.fromhex(text)) for text in call.post_conditions]
    assert all(isinstance(condition, FtPostCondition) for condition in decoded)
    return [(str(c.principal), c.condition, c.amount) for c in decoded if isinstance(c, FtPostCondition)]


async def test_opening_sends_amount_and_fee_and_not_a_sat_more(database: Database, streams: StreamService) -> None:
    await store(database)
    call = await streams.prepare_create(PrepareCreate.model_validate({**ORDER, "memo": "rent ⚡", "cliff": 60}))
    assert (call.contract, call.function_name) == (CONTRACTS.core, "open-stream")
    assert (call.post_condition_mode, call.network) == ("deny", "devnet")
    assert conditions(call) == [(ALICE, Compare.EQ, 100_100)]
    assert call.summary == {"action": "create", "recipient": BOB, "amount": 100_000, "fee": 100, "total": 100_100}
    recipient, amount, schedule, terms = map(clarity.from_hex, call.function_args)
    assert (clarity.to_python(recipient), clarity.to_python(amount)) == (BOB, 100_000)
    expected = {
        "clock": "seconds",
        "start": None,
        "duration": 3_600,
        "cliff": 60,
        "upfront": 0,
        "at-cliff": 0,
        "step": 1,
    }
    assert clarity.to_python(schedule) == expected
    assert clarity.to_python(terms) == {"cancelable": True, "transferable": True, "memo": "rent ⚡"}


MAINNET = address(5, version=22)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": MAX_SATS + 1}, "amount"),
        ({"amount": 10**29}, "amount"),
        ({"recipient": MAINNET}, "recipient"),
        ({"recipient": f"{MAINNET}.some-contract"}, "recipient"),
        ({"recipient": CONTRACTS.vault}, "recipient"),
        ({"recipient": SBTC}, "recipient"),
        ({"recipient": CONTRACTS.core}, "recipient"),
        ({"recipient": BOB[:-1]}, "recipient"),
        ({"recipient": BOB.lower()}, "recipient"),
        ({"recipient": f"{BOB}.1x"}, "recipient"),
        ({"recipient": ""}, "recipient"),
        ({"sender": MAINNET}, "sender"),
        ({"sender": f"{ALICE}.wallet"}, "sender"),
        ({"sender": "alice"}, "sender"),
        ({"duration": 0}, "duration"),
        ({"duration": -1}, "duration"),
        ({"duration": 1 << 41}, "duration"),
        ({"duration": 253_402_300_800 - NOW.time}, "duration"),
        ({"start": -1}, "start"),
        ({"start": (1 << 40) + 1}, "start"),
        ({"cliff": 3_600}, "cliff"),
        ({"cliff": -1}, "cliff"),
        ({"step": 0}, "step"),
        ({"step": 3_601}, "step"),
        ({"cliff": 3_000, "step": 601}, "step"),
        ({"upfront": 100_001}, "upfront"),
        ({"upfront": -1}, "upfront"),
        ({"atCliff": 1}, "atCliff"),
        ({"cliff": 10, "upfront": 60_000, "atCliff": 50_000}, "upfront"),
        ({"clock": "days"}, "clock"),
        ({"memo": "x" * 65}, "memo"),
        ({"memo": "half \ud83d"}, "memo"),
    ],
)
async def test_what_the_protocol_would_refuse_is_refused_before_anybody_signs(
    database: Database, streams: StreamService, change: dict[str, Any], field: str
) -> None:
    await store(database)
    with pytest.raises(InvalidOrder) as refused:
        await streams.prepare_create(PrepareCreate.model_construct(**_names({**_complete(), **change})))
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("amount", [1.5, 1.0, "1.5", "0x10", True, None, "", "\uff11", [1]])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(ValidationError, match="whole number"):
        PrepareCreate.model_validate({**ORDER, "amount": amount})


@pytest.mark.parametrize(
    "change",
    [
        {"amount": MAX_SATS},
        {"duration": 1, "amount": 1},
        {"start": 0},
        {"start": NOW.time + 1_000_000},
        {"memo": "⚡" * 64},
        {"recipient": ALICE},
        {"recipient": f"{BOB}.payroll"},
        {"recipient": SBTC.partition(".")[0]},
        {"cliff": 3_599, "atCliff": 100_000},
        {"clock": "blocks", "duration": 1 << 40},
    ],
)
async def test_what_the_protocol_takes_is_taken(
    database: Database, streams: StreamService, change: dict[str, Any]
) -> None:
    await store(database)
    assert await streams.prepare_create(PrepareCreate.model_validate({**ORDER, **change}))


async def test_pausing_stops_new_streams_only(database: Database, streams: StreamService, policy: GivenTerms) -> None:
    await store(database, opened())
    policy.present = Terms(10, 25, finalized=True, paused=True)
    with pytest.raises(Paused):
        await streams.prepare_create(PrepareCreate.model_validate(ORDER))
    assert await streams.prepare_withdraw(1, BOB)
    assert await streams.prepare_cancel(1, ALICE)


async def test_withdrawing_bounds_what_the_vault_may_send(database: Database, streams: StreamService) -> None:
    await store(database, withdrawn(opened(), 200))
    call = await streams.prepare_withdraw(1, address(8))
    assert call.function_name == "withdraw-from-stream"
    # it runs in a later block than the one we know: a second later at the least
    assert conditions(call) == [(CONTRACTS.vault, Compare.GTE, 51), (CONTRACTS.vault, Compare.LTE, 800)]


async def test_nothing_due_is_said_so(database: Database, streams: StreamService) -> None:
    pending = opened(1, start=NOW.time + 100, end=NOW.time + 200)
    stepped = withdrawn(opened(2, step=100), 200)
    await store(database, pending, stepped, withdrawn(opened(3), 1_000, depleted=True))
    for stream_id in (1, 2, 3):
        with pytest.raises(NothingDue):
            await streams.prepare_withdraw(stream_id, BOB)


async def test_what_vests_while_one_signs_can_be_asked_for(database: Database, streams: StreamService) -> None:
    await store(database, opened(1, start=NOW.time + 10, end=NOW.time + 1_010))
    call = await streams.prepare_withdraw(1, BOB)
    assert conditions(call) == [(CONTRACTS.vault, Compare.GTE, 1), (CONTRACTS.vault, Compare.LTE, 1_000)]


async def test_cancelling_refunds_at_most_what_was_shown(database: Database, streams: StreamService) -> None:
    await store(database, opened())
    call = await streams.prepare_cancel(1, ALICE)
    assert call.function_name == "cancel-stream"
    assert conditions(call) == [(CONTRACTS.vault, Compare.LTE, 750)]


async def test_who_cannot_cancel_and_what_cannot_be_cancelled(database: Database, streams: StreamService) -> None:
    settled = opened(3, start=NOW.time - 500, end=NOW.time)
    await store(database, opened(1), opened(2, cancelable=False), settled, cancelled(opened(4), 750))
    with pytest.raises(Forbidden):
        await streams.prepare_cancel(1, BOB)
    with pytest.raises(NotCancelable, match="gave up"):
        await streams.prepare_cancel(2, ALICE)
    with pytest.raises(NotCancelable, match="settled"):
        await streams.prepare_cancel(3, ALICE)
    with pytest.raises(NotCancelable, match="cancelled"):
        await streams.prepare_cancel(4, ALICE)


def _complete() -> dict[str, Any]:
    return PrepareCreate.model_validate(ORDER).model_dump(by_alias=True)


def _names(aliased: dict[str, Any]) -> dict[str, Any]:
    by_alias = {field.alias: name for name, field in PrepareCreate.model_fields.items()}
    return {by_alias[alias]: value for alias, value in aliased.items()}
