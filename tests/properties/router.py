"""A foreign contract that calls every public function of ours, for its caller or for itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.contracts.contract_types import source_text


def router_source(interfaces: Mapping[str, tuple[str, Iterable[Mapping[str, Any]]]]) -> str:
    """Return the router's source for short name -> (contract id, its functions as in its interface).

    `core-cancel-stream` passes its caller's call on: the caller signs, the router is contract-caller.
    `own-core-cancel-stream` calls as the router itself, with whatever it owns.
    """
    return "\n".join(
        text
        for name, (contract_id, functions) in interfaces.items()
        for function in functions
        for text in _routes(name, contract_id, function)
    )


def _routes(name: str, contract_id: str, function: Mapping[str, Any]) -> Iterable[str]:
    arguments = [argument["name"] for argument in function["args"]]
    types = [source_text(argument["type"]) for argument in function["args"]]
    parameters = " ".join(f"(x-{word} {kind})" for word, kind in zip(arguments, types, strict=True))
    passed = " ".join(f"x-{word}" for word in arguments)
    call = f"(contract-call? '{contract_id} {function['name']} {passed})"
    yield f"(define-public ({name}-{function['name']} {parameters}) {call})"
    # what never fails has no error that `try!` could pass on
    never_fails = function["outputs"]["type"]["response"]["error"] == "none"
    value = f"(unwrap-panic {call})" if never_fails else f"(try! {call})"
    own = f"(as-contract? ((with-all-assets-unsafe)) {value})"
    yield f"(define-public (own-{name}-{function['name']} {parameters}) {own})"
