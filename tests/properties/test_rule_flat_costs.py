"""What a call costs does not depend on how many streams, users, listings, offers and proposals there are."""

from collections.abc import Iterator

import pytest
from tests.properties.cast import PEOPLE
from tests.properties.ground import ADMINS, Ground
from tests.properties.stage import Stage

from bitpay.localchain.outcomes import Cost

CROWD = 60
"""So many of everything stand between the first measurement and the second."""
SCHEDULE = {"clock": "seconds", "start": None, "duration": 900_000, "cliff": 10, "upfront": 7, "at-cliff": 3, "step": 9}
TERMS = {"cancelable": True, "transferable": True, "memo": "rent"}
POINTS = [{"after": at * 1_000, "total": at * 100} for at in range(1, 25)]


@pytest.fixture(scope="module")
def measured() -> Iterator[Ground]:
    stage = Stage(track_costs=True)
    yield Ground(stage)
    stage.close()


def cost_of(ground: Ground, who: str, contract: str, function: str, *args: object) -> Cost:
    """Make a call that succeeds; returns what it cost."""
    seen = ground.see(who, contract, function, *args)
    assert ground.reason(seen.answer) == "ok", f"{function}{args}: {ground.reason(seen.answer)}"
    assert seen.cost is not None
    return seen.cost


def everyday(ground: Ground) -> dict[str, Cost]:
    """Do everything once with new streams of sam's for hal; returns what each call cost."""
    costs: dict[str, Cost] = {}

    def do(who: str, contract: str, function: str, *args: object) -> int:
        costs[function] = cost_of(ground, who, contract, function, *args)
        count: int = ground.ask("core", "get-stream-count")
        return count

    line = do("sam", "core", "create-stream", "hal", 10_000, 9_000)
    curve = do("sam", "core", "open-curve-stream", "hal", 2_400, "seconds", None, POINTS, TERMS)
    stepped = do("sam", "core", "open-stream", "hal", 100_000, SCHEDULE, TERMS)
    ground.pass_seconds(5_000)
    do("sam", "core", "top-up-stream", line, 5_000)
    do("hal", "core", "withdraw-to", curve, 50, "hana")
    do("hal", "marketplace", "list-stream", stepped, 5_000, None)
    listing = ground.ask("marketplace", "get-listing-count")
    do("hal", "marketplace", "update-listing", listing, 6_000)
    do("tom", "marketplace", "purchase-stream", listing, 6_000, 1, True)
    do("tess", "marketplace", "make-offer", stepped, 7_000, 1, True, ground.time + 900)
    do("tom", "marketplace", "accept-offer", ground.ask("marketplace", "get-offer-count"))
    do("tess", "obligation-nft", "transfer", stepped, "tess", "hal")
    do("pip", "core", "withdraw-from-stream", line)
    do("sam", "core", "propose-sender", line, "sue")
    do("sue", "core", "accept-sender", line)
    do("sue", "core", "cancel-stream", line)
    _decide(ground, costs)
    return costs


def _decide(ground: Ground, costs: dict[str, Cost]) -> None:
    costs["propose-limit"] = cost_of(ground, ADMINS[0], "treasury", "propose-limit", 5)
    proposal = ground.ask("treasury", "get-proposal-count")
    costs["approve-proposal"] = cost_of(ground, ADMINS[1], "treasury", "approve-proposal", proposal)
    ground.pass_seconds(86_400)
    costs["execute-proposal"] = cost_of(ground, "pip", "treasury", "execute-proposal", proposal)


def crowd(ground: Ground) -> None:
    """Let there be many of everything, of hal's and sam's and of everybody else's."""
    order = {"recipient": "hal", "amount": 1_000, "schedule": SCHEDULE, "terms": TERMS}
    ground.do("sam", "core", "open-streams", [order] * 50)
    for number in range(CROWD):
        sender, holder = PEOPLE[number % 12], PEOPLE[(number + 5) % 12]
        stream_id = ground.do(sender, "core", "open-stream", holder, 90_000, SCHEDULE, TERMS)
        ground.do(holder, "marketplace", "list-stream", stream_id, 1_000, None)
        ground.do(sender, "marketplace", "make-offer", stream_id, 2_000, 1, True, ground.time + 10_000_000)
        ground.do(ADMINS[number % 3], "treasury", "propose-limit", number)


def test_a_crowd_makes_nothing_dearer(measured: Ground) -> None:
    ground = measured.again()
    everyday(ground)
    first = everyday(ground)
    crowd(ground)
    assert everyday(ground) == first
