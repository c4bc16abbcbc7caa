"""What must always hold, judged from what the chain itself says: answers, events, transfers and reads.

The numbers are those of "What always holds" in docs/contracts.md. 6, 7, 11, 12, 14 and 15 have tests of their own;
here they hold because the chain does what the model does.
"""

from collections.abc import Mapping
from typing import Any

from tests.properties.council import Council
from tests.properties.plain import Code
from tests.properties.stage import Seen, Step

Facts = Mapping[str, Any]

FORWARD = {
    "pending": {"pending", "streaming", "settled", "cancelled", "depleted"},
    "streaming": {"streaming", "settled", "cancelled", "depleted"},
    "settled": {"settled", "depleted"},
    "cancelled": {"cancelled", "depleted"},
    "depleted": {"depleted"},
}
SALES = {"listing-sold": "listing-id", "offer-accepted": "offer-id"}
CLOSINGS = {**SALES, "listing-cancelled": "listing-id", "offer-cancelled": "offer-id"}
FEES = {"stream-created", "stream-topped-up", "listing-sold", "offer-accepted"}


class Chronicle:
    """What the chain has said so far in one story."""

    def __init__(self) -> None:
        self.streams: dict[int, Facts] = {}
        self.pulses: dict[int, Facts] = {}
        self.offers: dict[int, Facts] = {}
        self.owners: dict[int, str | None] = {}
        self.vault: Facts = dict.fromkeys(("balance", "liabilities", "core", "marketplace", "treasury"), 0)
        self.treasury_income = 0
        self.closed: set[tuple[str, int]] = set()
        self.council = Council()

    def add(self, step: Step, seen: Seen, pulses: dict[int, Facts], streams: dict[int, Facts], vault: Facts) -> None:
        """Take in one step and judge it."""
        before = self.vault
        holders = dict(self.owners)
        self.streams.update(streams)
        self.vault = vault
        self._follow_tokens(seen)
        self._follow_income(seen)
        self._judge_refusal(seen)
        self._judge_vault()
        for stream_id, now in pulses.items():
            self._judge_stream(stream_id, now)
        self.pulses.update(pulses)
        self._judge_withdrawal(step, seen, holders)
        self._judge_sale(step, seen, before)
        self.council.add(seen)

    def add_offers(self, offers: Mapping[int, Facts]) -> None:
        """Take in what the chain says of offers."""
        self.offers.update(offers)
        escrowed = sum(offer["price"] for offer in self.offers.values() if offer["status"] == "active")
        assert self.vault["marketplace"] == escrowed, f"1: the open offers are {escrowed} sats, not {self.vault}"

    def _follow_tokens(self, seen: Seen) -> None:
        for _kind, asset, token, taker in seen.tokens_moved:
            if asset == "obligation":
                self.owners[token] = taker
        for stream_id, facts in self.streams.items():
            assert facts["holder"] == self.owners[stream_id], f"8: the token of {stream_id} is elsewhere: {facts}"

    def _follow_income(self, seen: Seen) -> None:
        for _contract, name, fields in seen.events:
            if name in FEES:
                self.treasury_income += fields["fee"]
            if name == "surplus-swept":
                self.treasury_income += fields["amount"]
            if name == "treasury-withdrawal":
                self.treasury_income -= fields["amount"]

    def _judge_refusal(self, seen: Seen) -> None:
        if isinstance(seen.answer, Code):
            moved = (seen.events, seen.sats_moved, seen.tokens_moved)
            assert not any(moved), f"13: a refused call did something: {moved}"
        assert sum(seen.sats_moved.values()) == 0, f"2: sats appeared or vanished: {seen.sats_moved}"

    def _judge_vault(self) -> None:
        vault = self.vault
        assert vault["balance"] >= vault["liabilities"], f"1: the vault is short: {vault}"
        accounts = vault["core"] + vault["marketplace"] + vault["treasury"]
        assert vault["liabilities"] == accounts, f"1: liabilities are not the accounts' sum: {vault}"
        owed = sum(_owed(facts["stream"]) for facts in self.streams.values())
        assert vault["core"] == owed, f"1: the streams are owed {owed} sats: {vault}"
        assert vault["treasury"] == self.treasury_income, f"1: the treasury took in {self.treasury_income}: {vault}"

    def _judge_stream(self, stream_id: int, now: Facts) -> None:
        facts = self.streams[stream_id]
        stream, status = facts["stream"], now["status"]
        before = self.pulses.get(stream_id)
        where = f"stream {stream_id}: {now} {facts}"
        assert stream["amount"] >= now["vested"] >= stream["withdrawn"], f"3: {where}"
        assert now["vested"] - stream["withdrawn"] == now["withdrawable"], f"3: {where}"
        if before is not None:
            assert now["vested"] >= before["vested"], f"3: vested fell from {before}: {where}"
            assert status in FORWARD[before["status"]], f"5: it was {before['status']}: {where}"
        _judge_status(status, stream, now, where)
        assert status == "depleted" or self.owners[stream_id] is not None, f"8: nobody holds it: {where}"

    def _judge_withdrawal(self, step: Step, seen: Seen, holders: Mapping[int, str | None]) -> None:
        if step.function == "withdraw-from-stream" and not isinstance(seen.answer, Code):
            paid, holder = seen.answer, str(holders[step.args[0]])
            assert seen.sats_moved == {holder: paid, "vault": -paid}, f"8: {holder} holds it: {seen.sats_moved}"

    def _judge_sale(self, step: Step, seen: Seen, before: Facts) -> None:
        for _contract, name, fields in seen.events:
            if name in CLOSINGS:
                key = (CLOSINGS[name], fields[CLOSINGS[name]])
                assert key not in self.closed, f"9: {key} was closed twice"
                self.closed.add(key)
            if name in SALES:
                self._judge_price(step, seen, fields, before)

    def _judge_price(self, step: Step, seen: Seen, sale: Facts, before: Facts) -> None:
        price, fee, buyer, seller = sale["price"], sale["fee"], sale["buyer"], sale["seller"]
        escrowed = step.function == "accept-offer"
        due = {buyer: 0 if escrowed else -price, seller: price - fee + sale["settled"]}
        due["vault"] = -sum(due.values())
        moved = {name: amount for name, amount in due.items() if amount}
        assert seen.sats_moved == moved, f"9: {sale} moved {seen.sats_moved}"
        assert self.vault["treasury"] - before["treasury"] == fee, f"9: the treasury did not get its fee: {sale}"
        remaining = self.streams[sale["stream-id"]]["remaining"]
        wanted = self.offers[step.args[0]]["min-remaining"] if escrowed else step.args[2]
        assert remaining >= wanted, f"9: the buyer wanted {wanted} and has {remaining}: {sale}"
        assert escrowed or price <= step.args[1], f"9: dearer than {step.args[1]}: {sale}"


def _owed(stream: Facts) -> int:
    owed: int = stream["amount"] - stream["withdrawn"] - stream["refunded"]
    return owed


def _judge_status(status: str, stream: Facts, now: Facts, where: str) -> None:
    amount, withdrawn, refunded = stream["amount"], stream["withdrawn"], stream["refunded"]
    holds = {
        "pending": now["vested"] == withdrawn == refunded == 0,
        "streaming": refunded == 0 and now["vested"] < amount,
        "settled": refunded == 0 and now["vested"] == amount,
        "cancelled": refunded > 0 and now["withdrawable"] > 0 and not stream["cancelable"],
        "depleted": withdrawn == amount - refunded and now["withdrawable"] == 0,
    }
    assert holds[status], f"4: {status} {where}"
