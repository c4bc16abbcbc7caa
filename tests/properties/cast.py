"""Who takes part: every principal that a property test can name. No sat can reach anyone else."""

from hashlib import sha256
from typing import Final

from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import SIMNET_SBTC
from bitpay.stacks.addresses import encode

_TESTNET_SINGLE_SIG = 26
_MAINNET_SINGLE_SIG = 22


def _address(name: str, version: int = _TESTNET_SINGLE_SIG) -> str:
    return encode(version, sha256(name.encode()).digest()[:20])


ADMINS: Final = ("ada", "alan", "amos", "anna")
OPERATORS: Final = ("olga", "otto")
SENDERS: Final = ("sam", "sue")
HOLDERS: Final = ("hal", "hana")
TRADERS: Final = ("tom", "tess")
POOR: Final = "pip"
"""Has nothing at first."""
PEOPLE: Final = ("deployer", *ADMINS, *OPERATORS, *SENDERS, *HOLDERS, *TRADERS, POOR, "mallory")
"""All who can sign. Mallory is a stranger; the foreign contract `router` is hers."""

ADDRESSES: Final = {name: _address(name) for name in PEOPLE}
IDS: Final = Contracts(ADDRESSES["deployer"], SIMNET_SBTC)
ROUTER: Final = f"{ADDRESSES['mallory']}.router"

CONTRACTS: Final = {
    "access-control": IDS.access_control,
    "nft": IDS.nft,
    "obligation-nft": IDS.obligation_nft,
    "vault": IDS.vault,
    "core": IDS.core,
    "marketplace": IDS.marketplace,
    "treasury": IDS.treasury,
    "sbtc": SIMNET_SBTC,
}
"""Short names of the contracts that are called. `bitpay-sbtc-helper` is the vault."""

PRINCIPALS: Final = {
    **ADDRESSES,
    **CONTRACTS,
    "router": ROUTER,
    "abroad": _address("abroad", _MAINNET_SINGLE_SIG),
}
"""Name -> principal. `abroad` is an address of another network."""
