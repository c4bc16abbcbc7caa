"""A sale moves exactly what it says: the price, the fee rounded up, and to the seller what he had earned."""

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.ground import Ground
from tests.properties.model.marketplace import MIN_PRICE
from tests.properties.strategies import FEW, TERMS

DURATION = 1_000
BPS = 25


def stream_for_sale(ground: Ground, amount: int) -> int:
    schedule = {"clock": "seconds", "start": None, "duration": DURATION, "cliff": 0, "upfront": 0, "at-cliff": 0}
    opened: int = ground.do("sue", "core", "open-stream", "hal", amount, {**schedule, "step": 1}, TERMS)
    return opened


amounts = st.one_of(st.integers(1, 3_000), st.integers(1, 10**14))
prices = st.one_of(st.integers(MIN_PRICE, 5_000), st.integers(MIN_PRICE, 10**10))
waits = st.integers(0, DURATION - 1)


@FEW
@given(amount=amounts, price=prices, wait=waits, shift=st.integers(-1, 1))
def test_a_purchase(ground: Ground, amount: int, price: int, wait: int, shift: int) -> None:
    stream_id = stream_for_sale(ground.again(), amount)
    listing = ground.do("hal", "marketplace", "list-stream", stream_id, price, None)
    ground.pass_seconds(wait)
    earned = amount * wait // DURATION
    least = max(0, amount - earned + shift)
    seen = ground.see("tom", "marketplace", "purchase-stream", listing, price, least, True)
    if shift > 0:
        assert ground.reason(seen.answer) == "TOO_LITTLE_REMAINS"
        return
    fee = -(-price * BPS // 10_000)
    moved = {"tom": -price, "hal": price - fee + earned, "vault": fee - earned}
    assert seen.sats_moved == {who: sats for who, sats in moved.items() if sats}
    assert ground.ask("core", "get-holder", stream_id) == "tom"
    assert ground.ask("core", "get-remaining-amount", stream_id) == amount - earned
    assert ground.ask("vault", "get-account", "treasury") == fee + amount * 10 // 10_000


@FEW
@given(amount=amounts, price=prices, wait=waits, shift=st.integers(-1, 1))
def test_an_accepted_offer(ground: Ground, amount: int, price: int, wait: int, shift: int) -> None:
    stream_id = stream_for_sale(ground.again(), amount)
    earned = amount * wait // DURATION
    least = max(0, amount - earned + shift)
    args = (stream_id, price, least, True, ground.time + 2 * DURATION)
    assert ground.see("tom", "marketplace", "make-offer", *args).sats_moved == {"tom": -price, "vault": price}
    ground.pass_seconds(wait)
    seen = ground.see("hal", "marketplace", "accept-offer", 1)
    if shift > 0:
        assert ground.reason(seen.answer) == "TOO_LITTLE_REMAINS"
        assert ground.see("tom", "marketplace", "cancel-offer", 1).sats_moved == {"tom": price, "vault": -price}
        return
    fee = -(-price * BPS // 10_000)
    assert seen.sats_moved == {"hal": price - fee + earned, "vault": fee - price - earned}
    assert ground.ask("core", "get-holder", stream_id) == "tom"
    assert ground.ask("vault", "get-account", "marketplace") == 0


@FEW
@given(price=prices, above=st.integers(0, 5))
def test_nobody_pays_more_than_he_said(ground: Ground, price: int, above: int) -> None:
    stream_id = stream_for_sale(ground.again(), 5_000)
    listing = ground.do("hal", "marketplace", "list-stream", stream_id, price, None)
    assert ground.do("hal", "marketplace", "update-listing", listing, price + above) is True
    answer = ground.do("tom", "marketplace", "purchase-stream", listing, price, 0, True)
    assert ground.reason(answer) == ("PRICE_ABOVE_MAX" if above else "ok")
