"""Every function that a person can call has a builder whose call fits it, and docs/contracts.md says what may move."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.contract_docs import DOCUMENT, prose
from tests.contracts.call_examples import BUILDERS, CONTRACTS, UNCALLED, examples
from tests.contracts.stand_ins import public_functions
from tests.contracts.world import World

from bitpay.localchain.abi import find_function, misfit
from bitpay.protocol.calls.call import Call
from bitpay.protocol.ids import NAMES
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import FtPostCondition, Mode, NftPostCondition, PostCondition
from bitpay.stacks.transactions import Transaction

NOTHING = "nothing moves"
PATHS = Path(__file__).parents[1] / "paths"


def public(world: World) -> set[str]:
    """Return "contract function" of everything public."""
    return {f"{name} {one['name']}" for name in NAMES for one in public_functions(world.contract(name))}


def built() -> Iterator[str]:
    """Yield "contract function" of every builder."""
    for name, module in BUILDERS.items():
        for function, builder in inspect.getmembers(module, inspect.isfunction):
            if inspect.get_annotations(builder).get("return") is Call:
                yield f"{name} {function.replace('_', '-')}"


def exemplified() -> dict[str, list[Call]]:
    found = defaultdict(list)
    for call in examples():
        found[f"{CONTRACTS.name_of(call.contract_id)} {call.function}"].append(call)
    return found


def test_what_people_call_has_a_builder_and_what_they_cannot_call_says_who_does(world: World) -> None:
    builders = set(built())

    assert builders | UNCALLED.keys() == public(world)
    assert not builders & UNCALLED.keys()
    assert exemplified().keys() == builders


def test_the_document_agrees_on_who_calls() -> None:
    said = prose(DOCUMENT.read_text())

    for what in UNCALLED:
        assert re.search(r"\*\*Who:\*\* (nobody|.*\balone\b|the three account holders)", said[what]), what
    for what in built():
        assert not re.search(r"\*\*Who:\*\* (nobody|`bitpay-)", said[what]), what


def test_every_call_is_made_on_a_served_chain() -> None:
    sent = "".join(path.read_text() for path in PATHS.glob("*.py"))

    for what in built():
        name, _, function = what.partition(" ")
        module = BUILDERS[name].__name__.rpartition(".")[2]
        assert f"{module}.{function.replace('-', '_')}(" in sent, what


@pytest.mark.parametrize("call", examples(), ids=lambda call: call.function)
def test_a_call_fits_the_contracts_interface(world: World, call: Call) -> None:
    interface = world.vm.interface(call.contract_id)
    assert interface is not None
    function = find_function(interface, call.function)

    assert function is not None
    assert misfit(function, call.args) is None


@pytest.mark.parametrize("call", examples(), ids=lambda call: call.function)
def test_a_call_becomes_a_transaction_that_denies_what_it_does_not_name(call: Call) -> None:
    key = PrivateKey(b"\x11" * 32)
    transaction = call.transaction(network=Network.TESTNET, public_key=key.public_key, nonce=3, fee=400)

    read = Transaction.decode(transaction.encode())
    assert read.mode is Mode.DENY
    assert read.post_conditions == call.post_conditions
    assert (read.nonce, read.fee) == (3, 400)


def test_the_document_says_what_may_move() -> None:
    said = prose(DOCUMENT.read_text())

    for what, calls in exemplified().items():
        text = " ".join(said[what].partition("**Post-conditions:**")[2].split())
        conditions = [condition for call in calls for condition in call.post_conditions]
        assert set(re.findall("`(eq|gte|lte)`", text)) == set(words(conditions)), what
        assert ("the vault sends" in text) is any(by_vault(one) for one in conditions), what
        assert ("the obligation" in text) is any(isinstance(one, NftPostCondition) for one in conditions), what
        assert (NOTHING in text) is any(not call.post_conditions for call in calls), what


def words(conditions: list[PostCondition]) -> Iterator[str]:
    return (one.condition.word for one in conditions if isinstance(one, FtPostCondition))


def by_vault(condition: PostCondition) -> bool:
    return str(condition.principal) == CONTRACTS.vault
