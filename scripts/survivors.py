"""Changes of the contracts that no test can or need notice, each with the reason. `make mutants` lists the others."""

from collections.abc import Mapping
from typing import Final

EQUIVALENT: Final[Mapping[str, str]] = {
    "bitpay-access-control DEPLOYER | takes another | tx-sender => contract-caller | 1": (
        "a constant is evaluated once, while the contract is deployed, when both are the deployer"
    ),
    'bitpay-access-control PAUSED | empties | "paused" => "" | 1': (
        "a word that only stands for a phase in the contract's own variable; no answer and no event holds it"
    ),
    **{
        f"bitpay-access-control {place}": "a fold begins with it, and its steps only ask whether it is a refusal"
        for place in (
            "finalize | takes another | true => false | 1",
            "finalize | takes another | true => false | 2",
            "add-admin | takes another | true => false | 1",
            "grant-operator | takes another | true => false | 1",
        )
    },
    'bitpay-core create-stream | swaps | (record recipient amount fee false  ... E u0 u0 u0 u1 (list) true true u"") => '
    '(record recipient amount fee false  ... LINE u0 u0 u1 (list) true true u"") | 1': "LINE is u0, and so is its neighbour",
    **{
        f"bitpay-core {place}": "nothing asked for is never more than is due, and the vault has what it owes"
        for place in (
            "withdraw-and-transfer | ignores refusal | (try! (draw stream-id stream contract-caller contract-caller "
            "none)) => (match (draw stream-id stream contr ... one) was-ok was-ok was-err was-err) | 1",
            "settle-for-sale | ignores refusal | (try! (draw stream-id stream seller seller none)) => "
            "(match (draw stream-id stream selle ... one) was-ok was-ok was-err was-err) | 1",
            "cancel-stream | ignores refusal | (try! (contract-call? .bitpay-sbtc- ... per payout refund "
            "contract-caller)) => (is-ok (contract-call? .bitpay-sbtc ... per payout refund contract-caller)) | 1",
        )
    },
    "bitpay-core cancel-stream | refuses otherwise | ERR_NOTHING_DUE => ERR_MORE_THAN_DUE | 1": (
        "what can be cancelled is not depleted, and only the token of a depleted stream can be gone"
    ),
}
"""A change's key -> why the changed contract does the same as the real one, whatever anyone calls."""

ACCEPTED: Final[Mapping[str, str]] = {}
"""A change's key -> why it survives although it could be seen."""
