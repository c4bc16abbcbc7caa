"""What documents say, and who is told what, event by event."""

from typing import Any

import pytest
from tests.documents.facts import ALICE, BOB, CAROL, DAVE, ERIN, NOON, Teller

from bitpay.ledger.projection import Message
from bitpay.marketplace.state import listing_status, live_listing, offer_status
from bitpay.treasury.state import counting, executable_at, spent_in_window, status_of

DAY = 86_400


@pytest.fixture
def teller() -> Teller:
    """A chain on which BOB holds stream 1, opened by ALICE."""
    told = Teller()
    told.tell("obligation-minted", stream_id=1)
    told.tell("stream-created", stream_id=1, amount=100_000, fee=100, start=NOON, end=NOON + 1_000)
    return told


def rooms(messages: list[Message]) -> dict[str, set[str]]:
    """Return message -> everybody who hears it."""
    heard: dict[str, set[str]] = {}
    for message in messages:
        heard.setdefault(message.event, set()).update(message.rooms)
    return heard


def moved(old: str, new: str, moves: int) -> dict[str, Any]:
    return {"from": old, "to": new, "moves": moves}


def listed(teller: Teller, number: int = 1, **fields: Any) -> list[Message]:  # noqa: ANN401 - fields of the event
    return list(teller.tell("listing-created", listing_id=number, stream_id=1, seller=BOB, price=5_000, **fields))


def test_a_listing_has_every_field_of_the_schema_and_goes_through_its_life(teller: Teller) -> None:
    said = listed(teller, fee_bps=25, expires_at=NOON + DAY)
    assert rooms(said) == {"marketplace:new-listing": {"marketplace", "stream:1", f"user:{BOB}"}}
    listing, token = teller.one("listings", 1), teller.one("obligations", 1)
    assert {name: listing[name] for name in ("listingId", "streamId", "seller", "price", "status")} == {
        "listingId": 1,
        "streamId": 1,
        "seller": BOB,
        "price": 5_000,
        "status": "active",
    }
    assert (listing["soldTo"], listing["soldAt"], listing["createdAt"]) == (None, None, teller.time)
    assert listing_status(listing, token, teller.time) == "active"
    assert (live_listing(token, NOON + DAY - 1), live_listing(token, NOON + DAY)) == (1, None)
    assert listing_status(listing, token, NOON + DAY) == "expired"

    said = list(teller.tell("listing-updated", listing_id=1, stream_id=1, seller=BOB, price=6_000))
    assert rooms(said) == {"marketplace:listing-updated": {"marketplace", "stream:1", f"user:{BOB}"}}
    assert said[0].data["listing"]["price"] == 6_000
    assert said[0].data["change"] == {
        "name": "listing-updated",
        "listingId": 1,
        "streamId": 1,
        "seller": BOB,
        "price": 6_000,
    }

    teller.tell("obligation-transferred", stream_id=1, **moved(BOB, CAROL, 1))
    sale: dict[str, Any] = {
        "listing_id": 1,
        "stream_id": 1,
        "seller": BOB,
        "buyer": CAROL,
        "price": 6_000,
        "fee": 15,
        "settled": 40,
    }
    said = list(teller.tell("listing-sold", **sale))
    assert rooms(said) == {
        "marketplace:sale": {"marketplace", "stream:1", f"user:{BOB}", f"user:{CAROL}"},
        "treasury:balance-updated": {"treasury"},
    }
    listing = teller.one("listings", 1)
    assert (listing["status"], listing["soldTo"], listing["soldAt"]) == ("sold", CAROL, teller.time)
    assert (listing["fee"], listing["settled"], listing["updatedAt"]) == (15, 40, teller.time)
    assert teller.one("obligations", 1)["owner"] == CAROL


def test_a_listing_is_stale_once_its_token_moved_or_another_one_was_made(teller: Teller) -> None:
    listed(teller)
    said = list(teller.tell("obligation-transferred", stream_id=1, **moved(BOB, CAROL, 1)))
    assert rooms(said)["marketplace:listing-updated"] == {"marketplace", f"user:{BOB}"}
    assert listing_status(teller.one("listings", 1), teller.one("obligations", 1), teller.time) == "stale"
    teller.tell("obligation-transferred", stream_id=1, **moved(CAROL, BOB, 2))
    listed(teller, 2, moves=2)
    token = teller.one("obligations", 1)
    assert [listing_status(teller.one("listings", number), token, teller.time) for number in (1, 2)] == [
        "stale",
        "active",
    ]
    said = list(teller.tell("listing-cancelled", listing_id=2, stream_id=1, seller=BOB))
    assert rooms(said) == {"marketplace:listing-cancelled": {"marketplace", "stream:1", f"user:{BOB}"}}
    assert live_listing(teller.one("obligations", 1), teller.time) is None
    assert teller.one("listings", 2)["cancelledAt"] == teller.time


def test_an_offer_is_told_to_its_maker_and_to_the_holder(teller: Teller) -> None:
    offer: dict[str, Any] = {"stream_id": 1, "buyer": DAVE, "price": 7_000}
    said = list(teller.tell("offer-made", offer_id=1, min_remaining=5, expires_at=NOON + DAY, **offer))
    assert rooms(said) == {"marketplace:offer": {"marketplace", "stream:1", f"user:{DAVE}", f"user:{BOB}"}}
    assert all(message.data["offer"]["price"] == 7_000 for message in said)
    assert teller.one("obligations", 1)["openOffers"] == 1
    assert [offer_status(teller.one("offers", 1), now) for now in (NOON, NOON + DAY)] == ["active", "expired"]

    said = list(teller.tell("offer-cancelled", offer_id=1, by=DAVE, **offer))
    assert rooms(said) == {"marketplace:offer": {"marketplace", "stream:1", f"user:{DAVE}", f"user:{BOB}"}}
    assert all(message.data["offer"]["status"] == "cancelled" for message in said)
    assert teller.one("obligations", 1)["openOffers"] == 0

    teller.tell("offer-made", offer_id=2, **offer, expires_at=NOON + DAY)
    said = list(teller.tell("offer-accepted", offer_id=2, seller=BOB, fee=18, settled=9, **offer))
    assert rooms(said)["marketplace:sale"] == {"marketplace", "stream:1", f"user:{BOB}", f"user:{DAVE}"}
    accepted = teller.one("offers", 2)
    assert (accepted["status"], accepted["seller"], accepted["acceptedAt"]) == ("accepted", BOB, teller.time)


def test_a_proposal_has_every_field_of_the_schema_and_tells_count_and_ready_at(teller: Teller) -> None:
    teller.tell("finalized", admins=[ALICE, BOB, CAROL], threshold=2, operators=[ERIN])
    created: dict[str, Any] = {
        "kind": "withdrawal",
        "proposer": ALICE,
        "subject": DAVE,
        "value": 60,
        "expires_at": NOON + 7 * DAY,
    }
    said = list(teller.tell("proposal-created", proposal_id=1, description="audit", created_at=NOON, **created))
    assert rooms(said) == {"treasury:proposal-created": {"treasury", f"user:{ALICE}", f"user:{DAVE}"}}
    proposal, roles = teller.one("treasury_proposals", 1), teller.one("roles", "roles")
    seed = ("proposalId", "recipient", "amount", "description", "proposer", "approvals", "status", "executedAt")
    assert [proposal[name] for name in seed] == [1, DAVE, 60, "audit", ALICE, [ALICE], "pending", None]
    assert (status_of(proposal, roles, NOON), executable_at(proposal)) == ("pending", None)

    said = list(teller.tell("proposal-approved", proposal_id=1, admin=BOB, approvals=2, ready_at=NOON + 60))
    assert rooms(said) == {"treasury:proposal-approved": {"treasury", f"user:{ALICE}", f"user:{DAVE}"}}
    proposal = teller.one("treasury_proposals", 1)
    assert [(vote["admin"], vote["txid"]) for vote in proposal["votes"]] == [(ALICE, "0x4"), (BOB, "0x5")]
    assert (status_of(proposal, roles, NOON), executable_at(proposal)) == ("approved", NOON + 60 + DAY)
    assert status_of(proposal, roles, NOON + 7 * DAY) == "expired"

    teller.tell("treasury-withdrawal", proposal_id=1, recipient=DAVE, amount=60)
    said = list(teller.tell("proposal-executed", proposal_id=1, kind="withdrawal", by=ERIN))
    assert rooms(said) == {"treasury:proposal-executed": {"treasury", f"user:{ALICE}", f"user:{DAVE}"}}
    proposal = teller.one("treasury_proposals", 1)
    assert (proposal["status"], proposal["executedAt"], proposal["executedBy"]) == ("executed", teller.time, ERIN)
    assert teller.one("treasury", "treasury")["balance"] == 40


def test_an_approval_counts_only_in_the_term_in_which_it_was_given(teller: Teller) -> None:
    teller.tell("finalized", admins=[ALICE, BOB], threshold=2, operators=[])
    teller.tell("proposal-created", proposal_id=1, kind="limit", proposer=ALICE, expires_at=NOON + 7 * DAY)
    teller.tell("admin-removed", admin=ALICE)
    assert counting(teller.one("treasury_proposals", 1), teller.one("roles", "roles")) == []
    teller.tell("admin-added", admin=ALICE, term=3)
    assert counting(teller.one("treasury_proposals", 1), teller.one("roles", "roles")) == []
    teller.tell("proposal-approved", proposal_id=1, admin=ALICE, approvals=1)
    assert counting(teller.one("treasury_proposals", 1), teller.one("roles", "roles")) == [ALICE]
    said = list(teller.tell("approval-revoked", proposal_id=1, admin=ALICE, approvals=0))
    assert rooms(said) == {"treasury:proposal-updated": {"treasury", f"user:{ALICE}"}}
    assert teller.one("treasury_proposals", 1)["approvals"] == []
    assert [(admin["address"], admin["term"]) for admin in teller.one("roles", "roles")["admins"]] == [
        (BOB, 2),
        (ALICE, 3),
    ]


def test_the_treasury_is_fees_and_sweeps_less_withdrawals(teller: Teller) -> None:
    said = list(teller.tell("surplus-swept", amount=900))
    assert rooms(said) == {"treasury:balance-updated": {"treasury"}}
    teller.tell("stream-topped-up", stream_id=1, fee=5, added=5_000, amount=105_000, end=NOON + 1_050)
    teller.tell("treasury-withdrawal", proposal_id=1, recipient=DAVE, amount=300)
    first = teller.time
    teller.tell("treasury-withdrawal", proposal_id=2, recipient=DAVE, amount=200, after=DAY - 1)
    treasury = teller.one("treasury", "treasury")
    assert (treasury["balance"], treasury["creationFees"], treasury["swept"], treasury["withdrawn"]) == (
        100 + 5 + 900 - 500,
        105,
        900,
        500,
    )
    assert [spent_in_window(treasury, first + DAY + late) for late in (-1, 0)] == [500, 200]
    teller.tell("treasury-withdrawal", proposal_id=3, recipient=DAVE, amount=1)
    assert [one["proposalId"] for one in teller.one("treasury", "treasury")["withdrawals"]] == [2, 3]
    assert teller.tell("limit-changed", limit=77) == []
    assert teller.one("treasury", "treasury")["limit"] == 77


def test_the_contracts_state_and_roles_follow_the_access_control(teller: Teller) -> None:
    teller.tell("finalized", admins=[ALICE], threshold=1, operators=[BOB])
    teller.tell("paused", by=BOB)
    state = teller.one("contract_state", "contracts")
    assert (state["finalized"], state["paused"], state["pausedBy"], state["fees"]) == (
        True,
        True,
        BOB,
        {"creation": 10, "marketplace": 25},
    )
    teller.tell("unpaused", by=ALICE)
    teller.tell("fees-changed", creation=3, marketplace=4)
    teller.tell("operator-granted", operator=CAROL)
    teller.tell("operator-revoked", operator=BOB)
    teller.tell("threshold-changed", threshold=2)
    state, roles = teller.one("contract_state", "contracts"), teller.one("roles", "roles")
    assert (state["paused"], state["fees"]) == (False, {"creation": 3, "marketplace": 4})
    assert ([one["address"] for one in roles["operators"]], roles["threshold"]) == ([CAROL], 2)


def test_a_token_is_burned_and_its_receipt_stays(teller: Teller) -> None:
    teller.tell("receipt-minted", stream_id=1, payer=ALICE, paid=100_000, start=NOON, end=NOON + 1_000)
    teller.tell("stream-withdrawal", stream_id=1, to=BOB, by=BOB, amount=100_000, withdrawn=100_000, depleted=True)
    teller.tell("obligation-burned", stream_id=1)
    token, receipt = teller.one("obligations", 1), teller.one("receipts", 1)
    assert (token["owner"], token["burnedAt"]) == (None, teller.time)
    assert (receipt["holder"], receipt["payer"], receipt["paid"], receipt["end"]) == (BOB, ALICE, 100_000, NOON + 1_000)


def test_days_begin_at_midnight_utc_and_add_up(teller: Teller) -> None:
    today = teller.one("daily_totals", "2026-11-23")
    assert (today["streamsCreated"], today["createdAmount"], today["creationFees"]) == (1, 100_000, 100)
    assert today["since"] == NOON - DAY // 2
    teller.tell(
        "stream-withdrawal", stream_id=1, to=BOB, by=BOB, amount=7, withdrawn=7, after=NOON + DAY // 2 - 1 - teller.time
    )
    teller.tell("stream-cancelled", stream_id=1, refunded=50, vested=7, at=NOON, after=1)
    assert teller.one("daily_totals", "2026-11-23")["withdrawnAmount"] == 7
    tomorrow = teller.one("daily_totals", "2026-11-24")
    assert (tomorrow["refundedAmount"], tomorrow["withdrawals"]) == (50, 0)


def test_accounts_add_up_in_every_role(teller: Teller) -> None:
    sale: dict[str, Any] = {"stream_id": 1, "seller": BOB, "buyer": CAROL, "price": 6_000, "fee": 15, "settled": 0}
    teller.tell("listing-sold", listing_id=1, **sale)
    seller, buyer = teller.one("account_totals", BOB), teller.one("account_totals", CAROL)
    assert (seller["streamsReceived"], seller["receivableAmount"], seller["salesAmount"]) == (1, 100_000, 5_985)
    assert (buyer["purchases"], buyer["purchasesAmount"], buyer["firstAt"]) == (1, 6_000, teller.time)
    teller.tell("stream-created", stream_id=2, sender=CAROL, recipient=CAROL, amount=10, fee=1)
    both = teller.one("account_totals", CAROL)
    assert (both["streamsSent"], both["streamsReceived"], both["creationFees"]) == (1, 1, 1)


def test_who_signs_is_active_that_day(teller: Teller) -> None:
    teller.tell("stream-renounced", stream_id=1, after=DAY)
    days = [teller.one("active_accounts", f"2026-11-{day}:{ALICE}") for day in (23, 24)]
    assert [(day["day"], day["account"], day["events"]) for day in days] == [
        ("2026-11-23", ALICE, 2),
        ("2026-11-24", ALICE, 1),
    ]
