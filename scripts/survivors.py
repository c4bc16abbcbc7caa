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
}
"""A change's key -> why the changed contract does the same as the real one, whatever anyone calls."""

ACCEPTED: Final[Mapping[str, str]] = {}
"""A change's key -> why it survives although it could be seen."""
