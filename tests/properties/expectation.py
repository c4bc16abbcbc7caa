"""What the chain's reads must say, given the model's state. Shaped like the probe's answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.properties.cast import PRINCIPALS
from tests.properties.model import curve, marketplace, treasury, vault
from tests.properties.model.state import Call, Receipt, State, Stream


def pulse(state: State, call: Call, stream_id: int) -> dict[str, Any]:
    """Return what time alone changes of a stream."""
    stream = state.streams[stream_id]
    now = call.now(stream.clock)
    return {
        "vested": curve.vested(stream, now),
        "withdrawable": curve.withdrawable(stream, now),
        "status": curve.status(stream, now),
    }


def stream_facts(state: State, call: Call, stream_id: int) -> dict[str, Any] | None:
    """Return everything about a stream, None where there is none."""
    stream = state.streams.get(stream_id)
    if stream is None:
        return None
    now = call.now(stream.clock)
    return {
        "stream": _record(stream),
        "schedule": _schedule(stream),
        "refundable": curve.refundable(stream, now),
        "remaining": curve.remaining(stream, now),
        "proposed-sender": stream.proposed_sender,
        "holder": stream.holder,
        "token": {"owner": stream.holder, "moves": stream.moves},
        "receipt": _receipt(state.receipts.get(stream_id)),
    }


def _record(stream: Stream) -> dict[str, Any]:
    return {
        "sender": stream.sender,
        "recipient": stream.recipient,
        "amount": stream.amount,
        "withdrawn": stream.withdrawn,
        "refunded": stream.refunded,
        "clock": stream.clock,
        "start": stream.start,
        "end": stream.end,
        "cancelable": stream.cancelable,
        "transferable": stream.transferable,
        "cancelled-at": stream.cancelled_at,
    }


def _schedule(stream: Stream) -> dict[str, Any]:
    return {
        "clock": stream.clock,
        "start": stream.start,
        "duration": stream.duration,
        "cliff": stream.cliff,
        "upfront": stream.upfront,
        "at-cliff": stream.at_cliff,
        "step": stream.step,
        "points": [{"after": after, "total": total} for after, total in stream.points],
    }


def _receipt(receipt: Receipt | None) -> dict[str, Any]:
    if receipt is None:
        return {"receipt": None, "owner": None}
    kept = {"payer": receipt.payer, "paid": receipt.paid, "start": receipt.start, "end": receipt.end}
    return {"receipt": kept, "owner": receipt.holder}


def vault_facts(state: State) -> dict[str, Any]:
    """Return the vault's accounts."""
    return {
        "balance": vault.balance(state, "vault"),
        "liabilities": vault.liabilities(state),
        **state.accounts,
    }


def access_facts(state: State) -> dict[str, Any]:
    """Return who may do what."""
    return {
        "finalized": state.phase != "unfinalized",
        "paused": state.phase == "paused",
        "admins": list(state.admins),
        "threshold": state.threshold,
        "fees": {"creation": state.creation_bps, "marketplace": state.marketplace_bps},
        "are-admins": [who in state.terms for who in PRINCIPALS],
        "are-operators": [who in state.operators for who in PRINCIPALS],
    }


def sales_facts(
    state: State, call: Call, listings: Iterable[int], offers: Iterable[int], streams: Iterable[int]
) -> dict[str, Any]:
    """Return some listings and offers, and which listings of some streams live."""
    return {
        "listing-count": len(state.listings),
        "offer-count": len(state.offers),
        "listings": [_listing(state, listing_id) for listing_id in listings],
        "offers": [_offer(state, offer_id) for offer_id in offers],
        "live": [marketplace.live_listing(state, stream_id, call.time) for stream_id in streams],
    }


def _listing(state: State, listing_id: int) -> dict[str, Any] | None:
    listing = state.listings.get(listing_id)
    if listing is None:
        return None
    return {
        "stream-id": listing.stream_id,
        "seller": listing.seller,
        "price": listing.price,
        "expires-at": listing.expires_at,
        "status": listing.status,
    }


def _offer(state: State, offer_id: int) -> dict[str, Any] | None:
    offer = state.offers.get(offer_id)
    if offer is None:
        return None
    return {
        "stream-id": offer.stream_id,
        "buyer": offer.maker,
        "price": offer.price,
        "min-remaining": offer.min_remaining,
        "accept-cancelable": offer.accept_cancelable,
        "expires-at": offer.expires_at,
        "status": offer.status,
    }


def council_facts(state: State, call: Call, proposals: Iterable[int]) -> dict[str, Any]:
    """Return some proposals and what the treasury can spend."""
    return {
        "proposal-count": len(state.proposals),
        "proposals": [_proposal(state, call, proposal_id) for proposal_id in proposals],
        "balance": state.accounts["treasury"],
        "limit": state.limit,
        "spent": sum(treasury.recent(state, call.time)),
    }


def _proposal(state: State, call: Call, proposal_id: int) -> dict[str, Any] | None:
    proposal = state.proposals.get(proposal_id)
    if proposal is None:
        return None
    return {
        "kind": proposal.kind,
        "proposer": proposal.proposer,
        "subject": proposal.subject,
        "value": proposal.value,
        "value-2": proposal.value_2,
        "description": proposal.description,
        "created-at": proposal.created_at,
        "ready-at": proposal.ready_at,
        "expires-at": proposal.created_at + treasury.LIFETIME,
        "approvals": treasury.approvals(state, proposal),
        "status": treasury.status(state, proposal, call.time),
    }


def differences(expected: Any, seen: Any, where: str = "") -> list[str]:  # noqa: ANN401 - any plain values
    """Return where `seen` is not what was expected; what nobody expected in a tuple does not matter."""
    if isinstance(expected, Mapping) and isinstance(seen, Mapping):
        return [
            difference
            for key, value in expected.items()
            for difference in differences(value, seen.get(key, "(missing)"), f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        pairs = enumerate(zip(expected, seen, strict=True))
        return [each for at, (want, have) in pairs for each in differences(want, have, f"{where}[{at}]")]
    return [] if expected == seen else [f"{where.lstrip('.')}: the model says {expected!r}, the chain {seen!r}"]
