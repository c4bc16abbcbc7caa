"""What the admins decide: every kind of proposal from its making to its execution, and the pause switch."""

from tests.paths.sales import acceptance, listed, offer, offered, purchase
from tests.paths.streams import MILLION, Opened, opened, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import access_control, core, marketplace, treasury
from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import sends
from bitpay.protocol.calls.terms import Terms
from bitpay.stacks import clarity
from bitpay.stacks.clarity import uint
from bitpay.stacks.post_conditions import Compare

DAY = 86_400
LIMIT = 100_000_000
RICH = 1_000_000_000
"""Sats of a stream that brings the treasury a million."""


def execution(town: Town, number: int, withdrawal: int | None = None) -> Call:
    return treasury.execute_proposal(town.contracts, proposal_id=number, withdrawal=withdrawal)


async def proposed(town: Town, call: Call, by: str = "ann") -> int:
    """Make a proposal; return its number."""
    done = await town.does(by, call)
    assert (done.moved, done.names) == ({}, ["proposal-created"])
    number: int = done.answer
    return number


async def approved(town: Town, call: Call) -> int:
    """Make a proposal as ann and approve it as ben, which is enough; return its number."""
    number = await proposed(town, call)
    done = await town.does("ben", treasury.approve_proposal(town.contracts, proposal_id=number))
    assert (done.moved, done.names) == ({}, ["proposal-approved"])
    return number


async def ripe(town: Town, call: Call) -> int:
    """Bring a proposal to where anyone may execute it; return its number."""
    number = await approved(town, call)
    await town.wait(DAY)
    return number


async def decided(town: Town, call: Call) -> dict[str, object]:
    """Bring a proposal that moves nothing to execution; return the fields of the event that says what it did."""
    number = await ripe(town, call)
    done = await town.guarded("mallory", execution(town, number))
    assert done.names[1:] == ["proposal-executed"]
    assert await status(town, number) == "executed"
    return dict(done.told[0].fields)


async def status(town: Town, number: int) -> str:
    about = await town.read(town.contracts.treasury, "get-proposal", uint(number))
    return str(about["status"])


async def earned(town: Town) -> int:
    """Return what the treasury can spend, which is more than a million."""
    await opened(town, "alice", "bob", RICH)
    balance: int = await town.read(town.contracts.treasury, "get-balance")
    assert balance == town.facts.purses["treasury"] >= MILLION
    return balance


async def test_a_withdrawal(town: Town) -> None:
    await earned(town)
    call = treasury.propose_withdrawal(town.contracts, recipient=town.erin, amount=400_000, description="Prüfung")
    await town.fails("mallory", call, "treasury", "NOT_ADMIN")
    number = await proposed(town, call)
    about = await town.read(town.contracts.treasury, "get-proposal", uint(number))
    assert (about["kind"], about["proposer"], about["subject"]) == ("withdrawal", town.ann, town.erin)
    assert (about["value"], about["description"], about["approvals"]) == (400_000, "Prüfung", 1)
    assert (about["ready-at"], about["status"]) == (None, "pending")

    execute = execution(town, number, 400_000)
    await town.fails("mallory", execute, "treasury", "TOO_FEW_APPROVALS")
    approve = treasury.approve_proposal(town.contracts, proposal_id=number)
    await town.fails("ann", approve, "treasury", "ALREADY_APPROVED")
    done = await town.does("cleo", approve)
    assert done.event("proposal-approved") == {
        "proposal-id": number,
        "admin": town.cleo,
        "approvals": 2,
        "ready-at": done.time,
    }
    await town.wait_until(done.time + DAY - 1)
    await town.fails("mallory", execute, "treasury", "TIMELOCK")
    paid = await town.guarded("mallory", execute, vault=400_000)
    assert paid.moved == {"erin": 400_000, "treasury": -400_000}
    assert paid.names == ["treasury-withdrawal", "proposal-executed"]
    assert paid.event("treasury-withdrawal") == {
        "proposal-id": number,
        "recipient": town.erin,
        "amount": 400_000,
    }
    assert await town.read(town.contracts.treasury, "get-spent-in-window") == 400_000
    await town.fails("mallory", execute, "treasury", "PROPOSAL_CLOSED")


async def test_withdrawals_stay_within_the_limit_of_any_day(town: Town) -> None:
    await earned(town)
    limit = treasury.propose_limit(town.contracts, sats=500_000)
    assert await decided(town, limit) == {"limit": 500_000}
    await town.wait(DAY)
    one, two = [
        await approved(
            town,
            treasury.propose_withdrawal(town.contracts, recipient=town.erin, amount=amount, description=""),
        )
        for amount in (300_000, 200_001)
    ]
    await town.wait(DAY)
    first = await town.does("erin", execution(town, one, 300_000))
    assert first.moved == {"erin": 300_000, "treasury": -300_000}
    await town.fails("erin", execution(town, two, 200_001), "treasury", "ABOVE_LIMIT")
    await town.wait_until(first.time + DAY)
    second = await town.does("erin", execution(town, two, 200_001))
    assert second.moved == {"erin": 200_001, "treasury": -200_001}
    assert await town.read(town.contracts.treasury, "get-spent-in-window") == 200_001
    assert await decided(town, treasury.propose_limit(town.contracts, sats=LIMIT)) == {"limit": LIMIT}


async def test_more_than_there_is(town: Town) -> None:
    balance = await earned(town)
    call = treasury.propose_withdrawal(town.contracts, recipient=town.erin, amount=balance + 1, description="")
    number = await ripe(town, call)

    await town.fails("erin", execution(town, number, balance + 1), "sbtc-helper", "ACCOUNT_SHORT")
    assert await status(town, number) == "approved"


async def test_admins_come_and_go(town: Town) -> None:
    add = treasury.propose_add_admin(town.contracts, who=town.dave)
    told = await decided(town, add)
    assert told["admin"] == town.dave
    admins = [town.ann, town.ben, town.cleo, town.dave]
    assert await town.read(town.contracts.access_control, "get-admins") == admins
    await town.does("dave", add)
    remove = treasury.propose_remove_admin(town.contracts, who=town.dave)
    assert await decided(town, remove) == {"admin": town.dave}
    await town.fails("dave", add, "treasury", "NOT_ADMIN")
    assert await town.read(town.contracts.access_control, "get-admins") == admins[:3]
    number = await ripe(town, remove)
    await town.fails("ann", execution(town, number), "access-control", "UNKNOWN_ADMIN")


async def test_the_threshold(town: Town) -> None:
    assert await decided(town, treasury.propose_threshold(town.contracts, n=3)) == {"threshold": 3}
    back = treasury.propose_threshold(town.contracts, n=2)
    number = await approved(town, back)
    await town.wait(DAY)
    await town.fails("ann", execution(town, number), "treasury", "TOO_FEW_APPROVALS")
    await town.does("cleo", treasury.approve_proposal(town.contracts, proposal_id=number))
    await town.wait(DAY)
    done = await town.does("ann", execution(town, number))
    assert done.event("threshold-changed") == {"threshold": 2}
    too_many = await ripe(town, treasury.propose_threshold(town.contracts, n=4))
    await town.fails("ann", execution(town, too_many), "access-control", "THRESHOLD_OUT_OF_RANGE")


async def test_the_fees(town: Town) -> None:
    above = treasury.propose_fees(town.contracts, creation_bps=101, marketplace_bps=25)
    await town.fails("ann", above, "access-control", "FEE_ABOVE_CAP")
    stream = await opened(town, "alice", "bob", terms=Terms(cancelable=False), start=town.time + 10 * DAY)
    listing = await listed(town, stream)
    told = await decided(town, treasury.propose_fees(town.contracts, creation_bps=100, marketplace_bps=500))
    assert told == {"creation": 100, "marketplace": 500}

    def create(fee: int) -> Call:
        return core.create_stream(
            town.contracts, sender=town.alice, recipient=town.bob, amount=MILLION, fee=fee, duration=10
        )

    await town.undoes("alice", create(1_000))
    done = await town.guarded("alice", create(10_000), alice=MILLION + 10_000)
    assert done.moved == {"alice": -MILLION - 10_000, "core": MILLION, "treasury": 10_000}
    sold = await town.does("carol", purchase(town, stream, listing, min_remaining=1))
    assert sold.event("listing-sold")["fee"] == 1_250
    told = await decided(town, treasury.propose_fees(town.contracts, creation_bps=10, marketplace_bps=25))
    assert told == {"creation": 10, "marketplace": 25}


async def test_what_was_sent_to_the_vault_by_mistake(town: Town) -> None:
    args = (uint(777), clarity.principal(town.dave), clarity.principal(town.contracts.vault), clarity.NONE)
    stray = Call(town.contracts.sbtc_token, "transfer", args, (sends(town.contracts, town.dave, Compare.EQ, 777),))
    assert (await town.guarded("dave", stray, dave=777)).moved == {"dave": -777, "surplus": 777}
    number = await ripe(town, treasury.propose_sweep_surplus(town.contracts))
    done = await town.does("mallory", execution(town, number))
    assert done.moved == {"surplus": -777, "treasury": 777}
    assert done.event("surplus-swept") == {"amount": 777}
    again = await ripe(town, treasury.propose_sweep_surplus(town.contracts))
    await town.fails("mallory", execution(town, again), "sbtc-helper", "NO_SURPLUS")


async def test_operators_pause_and_a_proposal_opens_again(town: Town) -> None:
    pause = access_control.pause(town.contracts)
    await town.fails("dave", pause, "access-control", "NOT_ADMIN_OR_OPERATOR")
    assert await decided(town, treasury.propose_grant_operator(town.contracts, who=town.dave)) == {
        "operator": town.dave
    }
    stream = await stepped(town, "alice", "bob")
    listing, number = await listed(town, stream), await offered(town, stream, accept_cancelable=True)
    done = await town.does("dave", pause)
    assert (done.moved, done.event("paused")) == ({}, {"by": town.dave})
    await town.fails("olga", pause, "access-control", "PAUSED")
    await _nothing_new(town, stream, listing, number)
    await _everything_else(town, stream, listing, number)
    assert await decided(town, treasury.propose_unpause(town.contracts)) == {"by": town.contracts.treasury}
    await stepped(town, "alice", "bob")
    revoke = treasury.propose_revoke_operator(town.contracts, who=town.dave)
    assert await decided(town, revoke) == {"operator": town.dave}
    await town.fails("dave", pause, "access-control", "NOT_ADMIN_OR_OPERATOR")


async def _nothing_new(town: Town, stream: Opened, listing: int, number: int) -> None:
    refused = {
        "alice": core.create_stream(
            town.contracts, sender=town.alice, recipient=town.bob, amount=1_000, fee=1, duration=10
        ),
        "bob": marketplace.update_listing(town.contracts, listing_id=listing, price=1_000),
        "carol": purchase(town, stream, listing, accept_cancelable=True),
        "dave": offer(town, stream, buyer=town.dave),
    }
    for who, call in refused.items():
        await town.fails(who, call, "access-control", "PAUSED")
    await town.fails("bob", acceptance(town, stream, number), "access-control", "PAUSED")


async def _everything_else(town: Town, stream: Opened, listing: int, number: int) -> None:
    allowed = [
        ("bob", core.withdraw_to(town.contracts, stream_id=stream.number, amount=1_000, to=town.dave)),
        ("bob", marketplace.cancel_listing(town.contracts, listing_id=listing)),
        ("carol", marketplace.cancel_offer(town.contracts, offer_id=number, price=500_000)),
        ("alice", core.propose_sender(town.contracts, stream_id=stream.number, new_sender=town.dave)),
        ("dave", core.accept_sender(town.contracts, stream_id=stream.number)),
        ("dave", core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000)),
        ("bob", core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=299_000, owed=299_000)),
        ("bob", core.burn_obligation(town.contracts, stream_id=stream.number, holder=town.bob)),
    ]
    for who, call in allowed:
        await town.does(who, call)


async def test_the_beginning_is_over(town: Town) -> None:
    call = access_control.finalize(town.contracts, admins=[town.deployer], threshold=1, operators=[])
    await town.fails("deployer", call, "access-control", "ALREADY_FINALIZED")
    await town.fails("deployer", access_control.pause(town.contracts), "access-control", "NOT_ADMIN_OR_OPERATOR")


async def test_an_approval_taken_back_stops_a_proposal(town: Town) -> None:
    number = await ripe(town, treasury.propose_limit(town.contracts, sats=1))
    revoke = treasury.revoke_approval(town.contracts, proposal_id=number)
    done = await town.does("ann", revoke)
    assert (done.moved, done.names) == ({}, ["approval-revoked"])
    await town.fails("ann", revoke, "treasury", "NOT_APPROVED")
    await town.fails("mallory", execution(town, number), "treasury", "TOO_FEW_APPROVALS")
    assert await status(town, number) == "pending"
    again = await town.does("cleo", treasury.approve_proposal(town.contracts, proposal_id=number))
    await town.fails("mallory", execution(town, number), "treasury", "TIMELOCK")
    await town.wait_until(again.time + DAY)
    cancel = treasury.cancel_proposal(town.contracts, proposal_id=number)
    await town.fails("ben", cancel, "treasury", "NOT_PROPOSER")
    done = await town.does("ann", cancel)
    assert (done.moved, done.names) == ({}, ["proposal-cancelled"])
    await town.fails("mallory", execution(town, number), "treasury", "PROPOSAL_CLOSED")
    assert await town.read(town.contracts.treasury, "get-limit") == LIMIT


async def test_a_proposal_of_last_week_has_expired(town: Town) -> None:
    number = await ripe(town, treasury.propose_limit(town.contracts, sats=1))
    about = await town.read(town.contracts.treasury, "get-proposal", uint(number))
    await town.wait_until(about["expires-at"] + 1)

    await town.fails("mallory", execution(town, number), "treasury", "PROPOSAL_EXPIRED")
    assert await status(town, number) == "expired"
    approve = treasury.approve_proposal(town.contracts, proposal_id=number)
    await town.fails("cleo", approve, "treasury", "PROPOSAL_EXPIRED")
