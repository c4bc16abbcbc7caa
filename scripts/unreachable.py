"""Branches of the contracts that no call can take, each with the reason. `make coverage` fails if one is taken."""

from collections.abc import Mapping
from typing import Final

_KNOWN_STREAM = "the stream was found just before, and nothing is ever deleted"
_SOLVENT = "the vault always holds what its accounts say, and neither sender nor holder can be the vault"
_NO_LONGER = "a list of ids has no room for more; the refusal gives the answer its type"
_FRESH_ID = "each stream gets a new id, and core is the caller"
_FREE_TO_MOVE = "the seller holds the token, it may change hands, and buyer and seller were compared"

UNREACHABLE: Final[Mapping[tuple[str, str, str, str], str]] = {
    ("bitpay-nft", "transfer", "(asserts! false ERR_NOT_TRANSFERABLE)", "passes"): "a receipt is never transferred",
    (
        "bitpay-core",
        "withdraw-and-transfer",
        "(try! (draw stream-id stream contract-caller contract-caller none))",
        "refuses",
    ): f"all that is due is never more than is due, and {_SOLVENT}",
    (
        "bitpay-core",
        "settle-for-sale",
        "(try! (draw stream-id stream seller seller none))",
        "refuses",
    ): f"all that is due is never more than is due, and {_SOLVENT}",
    (
        "bitpay-core",
        "cancel-stream",
        "(try! (contract-call? .bitpay-sbtc-helper payout refund contract-caller))",
        "refuses",
    ): _SOLVENT,
    (
        "bitpay-core",
        "cancel-stream",
        "(unwrap! (get-holder stream-id) ERR_NOTHING_DUE)",
        "refuses",
    ): "a token can be burned only once its stream is depleted",
    ("bitpay-core", "renounce-cancel", "(try! (get-remaining-amount stream-id))", "refuses"): _KNOWN_STREAM,
    ("bitpay-core", "top-up-stream", "(try! (get-remaining-amount stream-id))", "refuses"): _KNOWN_STREAM,
    ("bitpay-core", "get-stream", "(unwrap! (map-get? parties stream-id) none)", "refuses"): _KNOWN_STREAM,
    ("bitpay-core", "get-status", "(try! (look stream-id))", "refuses"): _KNOWN_STREAM,
    (
        "bitpay-core",
        "withdraw-many",
        "(if (<= (len ids) u50) (ok (map withdraw-from-stream ids)) ERR_UNKNOWN_STREAM)",
        "else",
    ): _NO_LONGER,
    (
        "bitpay-core",
        "cancel-many",
        "(if (<= (len ids) u50) (ok (map cancel-stream ids)) ERR_UNKNOWN_STREAM)",
        "else",
    ): _NO_LONGER,
    (
        "bitpay-core",
        "record",
        "(try! (contract-call? .bitpay-obligation-nft mint id recipient transferable))",
        "refuses",
    ): _FRESH_ID,
    (
        "bitpay-core",
        "mint-receipt",
        "(unwrap! (map-get? parties id) ERR_UNKNOWN_STREAM)",
        "refuses",
    ): _KNOWN_STREAM,
    (
        "bitpay-marketplace",
        "purchase-stream",
        "(try! (contract-call? .bitpay-obligation-nft move stream-id seller tx-sender))",
        "refuses",
    ): _FREE_TO_MOVE,
    (
        "bitpay-marketplace",
        "cancel-offer",
        "(try! (contract-call? .bitpay-sbtc-helper payout price buyer))",
        "refuses",
    ): _SOLVENT,
    (
        "bitpay-marketplace",
        "accept-offer",
        "(try! (contract-call? .bitpay-sbtc-helper payout (- price fee) contract-caller))",
        "refuses",
    ): _SOLVENT,
    (
        "bitpay-marketplace",
        "accept-offer",
        "(try! (contract-call? .bitpay-obligation-nft move stream-id contract-caller buyer))",
        "refuses",
    ): _FREE_TO_MOVE,
    (
        "bitpay-marketplace",
        "is-live",
        "(unwrap! (map-get? listings id) false)",
        "refuses",
    ): "it is asked only of listings that were found or written down as a stream's newest",
}
"""(contract, function, form, outcome) -> why."""
