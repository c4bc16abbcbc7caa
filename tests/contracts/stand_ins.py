"""Contracts that only pass calls on: foreign routers, and stand-ins for the contracts that an inner one trusts."""

from collections.abc import Iterable
from typing import Any

from tests.contracts.contract_types import source_text
from tests.contracts.world import Account, Contract, World

FOUNDATIONS = ("bitpay-access-control", "bitpay-nft", "bitpay-obligation-nft", "bitpay-sbtc-helper")
"""The contracts that are called by others and call none of ours but these."""
TRUSTED = ("bitpay-core", "bitpay-marketplace", "bitpay-treasury")


def public_functions(contract: Contract) -> list[dict[str, Any]]:
    """Return what an interface says of the functions that can change something."""
    return [function for function in contract.functions.values() if function["access"] == "public"]


def router_source(contracts: Iterable[Contract]) -> str:
    """Return a contract with one function `<contract>-<function>` for each public function: it passes the call on.

    So the inner contract sees the router as `contract-caller` and whoever signed as `tx-sender`. With `own-` before the
    name the router speaks for itself: it is both.
    """
    functions = ((contract, function) for contract in contracts for function in public_functions(contract))
    return "\n".join(text for contract, function in functions for text in _passed_on(contract, function))


def _passed_on(contract: Contract, function: dict[str, Any]) -> Iterable[str]:
    name = f"{short_name(contract)}-{function['name']}"
    parameters = " ".join(f"({arg['name']} {source_text(arg['type'])})" for arg in function["args"])
    names = " ".join(arg["name"] for arg in function["args"])
    call = f"(contract-call? '{contract.address} {function['name']} {names})"
    yield f"(define-public ({name} {parameters}) {call})"
    never_fails = function["outputs"]["type"]["response"]["error"] == "none"
    inner = f"(unwrap! {call} (err u998))" if never_fails else f"(try! {call})"
    own = f"(as-contract? ((with-all-assets-unsafe)) {inner})"
    yield f"(define-public (own-{name} {parameters}) (ok (unwrap! {own} (err u999))))"


def short_name(contract: Contract) -> str:
    """Return a contract's name without address and "bitpay-"."""
    return contract.address.partition(".")[2].removeprefix("bitpay-")


def backstage(world: World, deployer: Account) -> World:
    """Deploy the foundations once more, trusting stand-ins that pass on whatever anybody says.

    What guards the inner contracts when core, marketplace and treasury behave can be tried here with ones that do not.
    """
    stage = World.bare(world.vm, deployer)
    for name in FOUNDATIONS:
        stage.deploy_source(name)
    source = router_source(stage.contract(name) for name in FOUNDATIONS)
    for name in TRUSTED:
        stage.deploy(name, source)
    stage.bind()
    return stage
