"""Tales that chance tells too seldom: rare orders of events, on the chain and in the model at once."""

from typing import Any

from tests.properties.machine import Machine
from tests.properties.plain import Code
from tests.properties.stage import Stage, Step

DAY = 86_400
ADMINS = ("ada", "alan", "amos")


class Tale:
    """Steps in words; each is compared with the model."""

    def __init__(self, stage: Stage, threshold: int) -> None:
        self.stage = stage
        self.machine = Machine(stage)
        self.says("deployer", "access-control", "finalize", list(ADMINS), threshold, [])

    def says(self, who: str, contract: str, function: str, *args: Any, after: int = 10) -> Any:  # noqa: ANN401
        """Let somebody call something so many seconds later; returns the answer, or the reason of the refusal."""
        step = Step(who, contract, function, args, blocks=1 if after else 0, seconds=after)
        answer = self.machine.take(step).answer
        return self.stage.reason(answer) if isinstance(answer, Code) else answer

    def treasury(self, who: str, function: str, *args: Any, after: int = 10) -> Any:  # noqa: ANN401
        """Let somebody call the treasury."""
        return self.says(who, "treasury", function, *args, after=after)

    def proposal(self, proposal_id: int) -> dict[str, Any]:
        """Return a proposal as the treasury tells it."""
        found: dict[str, Any] = self.stage.read("treasury", "get-proposal", (proposal_id,))
        return found


def test_a_lowered_threshold_makes_no_waiting_proposal_ready(stage: Stage) -> None:
    tale = Tale(stage, threshold=3)
    waiting = tale.treasury("ada", "propose-limit", 5)
    tale.treasury("alan", "approve-proposal", waiting)
    lower = tale.treasury("ada", "propose-threshold", 2)
    tale.treasury("alan", "approve-proposal", lower)
    tale.treasury("amos", "approve-proposal", lower)
    assert tale.treasury("pip", "execute-proposal", lower, after=DAY) is True
    assert tale.proposal(waiting)["status"] == "approved"
    assert tale.proposal(waiting)["ready-at"] is None
    assert tale.treasury("pip", "execute-proposal", waiting, after=DAY) == "TOO_FEW_APPROVALS"
    tale.treasury("amos", "approve-proposal", waiting)
    assert tale.treasury("pip", "execute-proposal", waiting, after=DAY - 1) == "TIMELOCK"
    assert tale.treasury("pip", "execute-proposal", waiting, after=1) is True


def test_a_readmitted_admins_old_approval_stays_dead(stage: Stage) -> None:
    tale = Tale(stage, threshold=2)
    waiting = tale.treasury("ada", "propose-limit", 5)
    for function in ("propose-remove-admin", "propose-add-admin"):
        decided = tale.treasury("alan", function, "ada")
        tale.treasury("amos", "approve-proposal", decided)
        assert tale.treasury("pip", "execute-proposal", decided, after=DAY) is True
    assert tale.stage.read("treasury", "has-approved", (waiting, "ada")) is False
    tale.treasury("alan", "approve-proposal", waiting)
    assert tale.proposal(waiting)["approvals"] == 1
    assert tale.treasury("ada", "revoke-approval", waiting) == "NOT_APPROVED"
    assert tale.treasury("ada", "approve-proposal", waiting) is True
    assert tale.treasury("pip", "execute-proposal", waiting, after=DAY) is True


def test_a_revoked_approval_starts_the_clock_anew(stage: Stage) -> None:
    tale = Tale(stage, threshold=2)
    waiting = tale.treasury("ada", "propose-sweep-surplus")
    tale.treasury("alan", "approve-proposal", waiting)
    tale.treasury("alan", "revoke-approval", waiting, after=DAY)
    assert tale.treasury("pip", "execute-proposal", waiting) == "TOO_FEW_APPROVALS"
    tale.treasury("amos", "approve-proposal", waiting)
    assert tale.treasury("pip", "execute-proposal", waiting, after=DAY - 1) == "TIMELOCK"
    assert tale.treasury("pip", "execute-proposal", waiting, after=1) == "NO_SURPLUS"
    tale.says("sam", "sbtc", "transfer", 77, "sam", "vault", None)
    assert tale.treasury("pip", "execute-proposal", waiting) is True
    assert tale.treasury("pip", "execute-proposal", waiting) == "PROPOSAL_CLOSED"


def test_twenty_four_withdrawals_fit_into_a_day(stage: Stage) -> None:
    tale = Tale(stage, threshold=1)
    tale.says("sue", "core", "create-stream", "hal", 10**12, 50)
    ids = [tale.treasury("ada", "propose-withdrawal", "hana", 3, "rent", after=0) for _ in range(26)]
    first = [tale.treasury("pip", "execute-proposal", each, after=DAY if each == ids[0] else 1) for each in ids[:24]]
    assert first == [True] * 24
    assert tale.treasury("pip", "execute-proposal", ids[24]) == "TOO_MANY_WITHDRAWALS"
    began = DAY - 23 - 10
    assert tale.treasury("pip", "execute-proposal", ids[24], after=began - 1) == "TOO_MANY_WITHDRAWALS"
    assert tale.treasury("pip", "execute-proposal", ids[24], after=1) is True
    assert tale.treasury("pip", "execute-proposal", ids[25], after=0) == "TOO_MANY_WITHDRAWALS"
    assert tale.treasury("pip", "execute-proposal", ids[25], after=1) is True


def test_the_limit_is_exact_over_the_last_day(stage: Stage) -> None:
    tale = Tale(stage, threshold=1)
    tale.says("sue", "core", "create-stream", "hal", 10**12, 50)
    half, rest, one = (
        tale.treasury("ada", "propose-withdrawal", "hana", sats, "") for sats in (60_000_000, 40_000_000, 1)
    )
    assert tale.treasury("pip", "execute-proposal", half, after=DAY) is True
    assert tale.treasury("pip", "execute-proposal", rest, after=1_000) is True
    assert tale.treasury("pip", "execute-proposal", one) == "ABOVE_LIMIT"
    assert tale.treasury("pip", "execute-proposal", one, after=DAY - 1_011) == "ABOVE_LIMIT"
    assert tale.treasury("pip", "execute-proposal", one, after=1) is True
    assert tale.stage.read("treasury", "get-spent-in-window") == 40_000_001


def test_a_listing_does_not_come_back_with_its_token(stage: Stage) -> None:
    tale = Tale(stage, threshold=1)
    stream_id = tale.says("sam", "core", "create-stream", "hal", 50_000, 1_000)
    listing = tale.says("hal", "marketplace", "list-stream", stream_id, 5_000, None)
    tale.says("hal", "obligation-nft", "transfer", stream_id, "hal", "hana")
    tale.says("hana", "obligation-nft", "transfer", stream_id, "hana", "hal")
    assert tale.says("tom", "marketplace", "purchase-stream", listing, 5_000, 0, True) == "LISTING_NOT_LIVE"
    newer = tale.says("hal", "marketplace", "list-stream", stream_id, 6_000, None)
    assert tale.says("hal", "marketplace", "cancel-listing", newer) is True
    assert tale.says("tom", "marketplace", "purchase-stream", listing, 6_000, 0, True) == "LISTING_NOT_LIVE"
    assert tale.says("hal", "marketplace", "cancel-listing", listing) is True


def test_an_offer_outlives_changes_of_holder(stage: Stage) -> None:
    tale = Tale(stage, threshold=1)
    stream_id = tale.says("sam", "core", "create-stream", "hal", 50_000, 1_000)
    offer = tale.says("tom", "marketplace", "make-offer", stream_id, 5_000, 1, True, tale.machine.time + 500)
    tale.says("hal", "obligation-nft", "transfer", stream_id, "hal", "tom")
    assert tale.says("tom", "marketplace", "accept-offer", offer) == "OWN_TRADE"
    tale.says("tom", "obligation-nft", "transfer", stream_id, "tom", "hana")
    assert tale.says("hana", "marketplace", "accept-offer", offer) is True
    assert tale.stage.read("core", "get-holder", (stream_id,)) == "tom"


def test_a_stream_moves_through_all_hands_and_ends(stage: Stage) -> None:
    tale = Tale(stage, threshold=1)
    stream_id = tale.says("sam", "core", "create-stream", "hal", 1_000, 100)
    tale.says("sam", "core", "propose-sender", stream_id, "sue")
    tale.says("sue", "core", "accept-sender", stream_id)
    assert tale.says("sam", "core", "cancel-stream", stream_id) == "NOT_SENDER"
    assert tale.says("hal", "core", "withdraw-and-transfer", stream_id, "hana") == 40
    assert tale.says("sue", "core", "cancel-stream", stream_id) == {"refunded": 950, "vested": 50}
    assert tale.says("hana", "core", "burn-obligation", stream_id) == "NOT_DEPLETED"
    assert tale.says("pip", "core", "withdraw-from-stream", stream_id) == 10
    assert tale.says("hana", "core", "burn-obligation", stream_id) is True
    assert tale.says("hana", "core", "burn-obligation", stream_id) == "NOT_HOLDER"
    assert tale.stage.read("nft", "get-receipt", (stream_id,))["paid"] == 50
    assert tale.stage.read("core", "get-status", (stream_id,)) == "depleted"
