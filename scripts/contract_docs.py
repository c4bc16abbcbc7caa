"""Writes into docs/contracts.md what can be read off the contracts: signatures, refusals, events, error sentences.

The prose around it is written by hand and stays as it is. Facts stand between `<!-- begin ... -->` and `<!-- end -->`.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from scripts.contract_facts import contract, reach
from tests.contracts.contract_types import source_text
from tests.contracts.error_constants import constants
from tests.contracts.world import World, account

from bitpay.localchain.vm import Vm
from bitpay.protocol.error_table import ERRORS
from bitpay.protocol.ids import NAMES

DOCUMENT = Path(__file__).parents[1] / "docs" / "contracts.md"
_BLOCK = re.compile(r"<!-- begin (?P<what>[^>]+) -->\n.*?<!-- end -->", re.DOTALL)
_SCHEDULE = (
    "{ at-cliff: uint, cliff: uint, clock: (string-ascii 7), duration: uint, start: (optional uint), "
    "step: uint, upfront: uint }"
)
_TERMS = "{ cancelable: bool, memo: (string-utf8 64), transferable: bool }"
"""As an interface has them: fields in alphabetical order."""
_WIDTH = 100

Interfaces: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Contract -> function -> what the VM says of it; private functions are left out."""


class Unwritten(ValueError):
    """The document has no place for something, or a place for something that does not exist."""


def interfaces(find: Callable[[str], Mapping[str, Any] | None]) -> Interfaces:
    """Return the interfaces of our contracts; `find` gives one by name, as a node has it."""
    found = {}
    for name in NAMES:
        interface = find(name)
        if interface is None:
            raise Unwritten(f"{name} is not deployed")
        found[name] = {one["name"]: one for one in interface["functions"] if one["access"] != "private"}
    return found


def blocks(known: Interfaces) -> dict[str, str]:
    """Return what stands in each block."""
    found = {
        f"{name} {function}": _function(name, one) for name, all_ in known.items() for function, one in all_.items()
    }
    found.update({f"events of {name}": _events(name) for name in NAMES if _schema()[name]})
    found["errors"] = _errors()
    return found


def refreshed(document: str, known: Interfaces) -> str:
    """Return the document with its facts as they are now. Raises Unwritten."""
    current = blocks(known)
    there = [match["what"] for match in _BLOCK.finditer(document)]
    missing, strange = sorted(current.keys() - set(there)), sorted(set(there) - current.keys())
    if missing or strange or len(there) != len(set(there)):
        raise Unwritten(f"docs/contracts.md has no place for {missing}, and places for nothing: {strange}")
    return _BLOCK.sub(lambda match: f"<!-- begin {match['what']} -->\n{current[match['what']]}\n<!-- end -->", document)


def prose(document: str) -> dict[str, str]:
    """Return what is written by hand after each block, up to the next heading or block."""
    found = {}
    for match in _BLOCK.finditer(document):
        after = document[match.end() :]
        end = re.search(r"^(#|<!-- begin )", after, re.MULTILINE)
        found[match["what"]] = after[: end.start() if end else len(after)].strip()
    return found


def _function(name: str, about: Mapping[str, Any]) -> str:
    kind = {"public": "public", "read_only": "read-only"}[about["access"]]
    found = reach(name, about["name"])
    lines = ["```clarity", *_signature(about), "```", "", f"*{kind.capitalize()}.*"]
    if found.errors:
        errors = [f"u{constants(owner)[error]} {error.removeprefix('ERR_')}" for owner, error in found.errors]
        lines += [f"Refuses with {', '.join(f'`{one}`' for one in errors)}."]
    if found.events:
        lines += [f"Emits {', '.join(f'`{event}`' for _, event in found.events)}."]
    return "\n".join(lines)


def _signature(about: Mapping[str, Any]) -> Iterator[str]:
    arguments = [f"({one['name']} {_type(one['type'])})" for one in about["args"]]
    answer = f"-> {_type(about['outputs']['type'])}"
    line = f"({' '.join([about['name'], *arguments])}) {answer}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"({about['name']}"
    yield from (f"  {one}" for one in arguments[:-1])
    yield f"  {arguments[-1]}) {answer}" if arguments else f") {answer}"


def _type(kind: Any) -> str:  # noqa: ANN401 - a type as interfaces write it
    return source_text(kind).replace(_SCHEDULE, "SCHEDULE").replace(_TERMS, "TERMS").replace(" none)", " never)")


def _events(name: str) -> str:
    lines = ["| event | fields |", "|---|---|"]
    for event, fields in _schema()[name].items():
        told = ", ".join(f"`{field}` {kind}" for field, kind in fields.items())
        lines.append(f"| `{event}` | {told} |")
    return "\n".join(lines)


def _schema() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = json.loads(
        files("bitpay.protocol").joinpath("events.json").read_text()
    )["contracts"]
    return found


def _errors() -> str:
    owners = {code: name for name in NAMES for code in constants(name).values()}
    lines = ["| code | contract | name | what to do |", "|--:|---|---|---|"]
    for code, (name, sentence) in sorted(ERRORS.items()):
        lines.append(f"| u{code} | {owners[code].removeprefix('bitpay-')} | `{name}` | {sentence} |")
    return "\n".join(lines)


def deployed_interfaces() -> Interfaces:
    """Deploy the contracts on a VM and ask it."""
    with Vm.start() as vm:
        World.begin(vm)
        deployer = account("deployer").address
        return interfaces(lambda name: vm.interface(f"{deployer}.{name}"))


def main() -> None:
    """Refresh the document."""
    argparse.ArgumentParser(prog="make reference", description=__doc__).parse_args()
    DOCUMENT.write_text(refreshed(DOCUMENT.read_text(), deployed_interfaces()))
    print(f"Wrote {DOCUMENT.name}: {sum(len(one.functions) for one in map(contract, NAMES))} functions read.")


if __name__ == "__main__":
    main()
