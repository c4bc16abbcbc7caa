"""Lays out the Clarinet project that @stacks/rendezvous wants: a copy of the product's, with tests beside it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.properties.cast import ADDRESSES

from bitpay.protocol.sources import SIMNET_SBTC

FOLDER: Final = Path(__file__).parent / "rendezvous"
PRODUCT: Final = Path(__file__).parents[2] / "contracts"
TARGETS: Final = ("bitpay-core", "bitpay-marketplace", "bitpay-treasury")
"""The contracts that have tests."""
ADMINS: Final = ("ada", "alan", "amos")
PEOPLE: Final[Mapping[str, str]] = {
    # the account of Clarinet's own test mnemonic in contracts/settings
    "deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
    **{name: ADDRESSES[name] for name in (*ADMINS, "olga", "sam", "hal", "tom")},
}
SATS: Final = 100_000_000_000_000
"""What each of the people has at first."""
GENESIS_TIME: Final = 1_700_000_000


def lay_out(target: str, folder: Path) -> None:
    """Write the project in which one contract is tested, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PRODUCT, folder, ignore=shutil.ignore_patterns(".cache", "deployments", "history.txt"))
    with (folder / "bitpay-access-control.clar").open("a") as access_control:
        access_control.write(finalizing())
    (folder / f"{target}.tests.clar").write_text(clarity_tests(target))
    told = {"people": PEOPLE, "sats": SATS, "token": f"{SIMNET_SBTC}.sbtc-token", "time": GENESIS_TIME}
    (folder / "people.json").write_text(json.dumps(told))


def clarity_tests(target: str) -> str:
    """Return what Rendezvous puts at the end of a contract."""
    return _shared() + (FOLDER / f"{target}.tests.clar").read_text()


def finalizing() -> str:
    """Return what is put at the end of bitpay-access-control: it ends the deployer's part.

    Two of three admins decide; the treasury is an operator, so that its tests can pause.
    """
    admins = " ".join(f"'{PEOPLE[name]}" for name in ADMINS)
    return f"\n(finalize (list {admins}) u2 (list '{PEOPLE['olga']} .bitpay-treasury))\n"


def _shared() -> str:
    people = " ".join(f"'{address}" for address in PEOPLE.values())
    text = (FOLDER / "shared.clar").read_text()
    return text.replace("@PEOPLE@", people).replace("@ALL_SATS@", f"u{SATS * len(PEOPLE)}")
