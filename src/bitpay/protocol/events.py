"""What the contracts tell: typed, versioned events, decoded from Clarity bytes against `events.json`.

The schema file is the single source: contracts, this decoder and the documentation are tested against it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bitpay.protocol.clarity_types import Reader, reader
from bitpay.stacks import clarity
from bitpay.stacks.errors import StacksError

VERSION = 1


class UnknownEvent(ValueError):
    """A printed value that is not an event of ours in a version that we know."""


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """One fact from one of our contracts. `fields` keep the contract's kebab-case names.

    Values: uint -> int, strings and principals -> str, optional -> value or None, list -> list, tuple -> dict.
    """

    contract: str
    name: str
    version: int
    fields: Mapping[str, Any]


def decode_event(contract: str, raw: bytes) -> ContractEvent:
    """Decode what `contract` (a name like "bitpay-core") printed. Raises UnknownEvent when it is not in the schema."""
    try:
        value = clarity.decode(raw)
    except StacksError as error:
        raise UnknownEvent(f"{contract} printed bytes that are no Clarity value: {error}") from error
    if not isinstance(value, clarity.Tuple):
        raise UnknownEvent(f"{contract} printed something that is not a tuple")
    fields = dict(value.items)
    name, version = _head(contract, fields)
    return ContractEvent(contract, name, version, _read_fields(schema()[contract][name], fields, name))


@cache
def schema() -> dict[str, dict[str, dict[str, Reader]]]:
    """Return contract name -> event name -> field name -> reader of that field's Clarity type."""
    text = files(__package__).joinpath("events.json").read_text()
    return {
        contract: {event: {field: reader(spec) for field, spec in fields.items()} for event, fields in events.items()}
        for contract, events in json.loads(text)["contracts"].items()
    }


def _head(contract: str, fields: Mapping[str, clarity.Value]) -> tuple[str, int]:
    name, version = fields.get("event"), fields.get("v")
    if not isinstance(name, clarity.Ascii) or not isinstance(version, clarity.UInt):
        raise UnknownEvent(f"{contract} printed a tuple without `event` and `v`")
    if name.value not in schema().get(contract, {}) or version.value != VERSION:
        raise UnknownEvent(f"{contract} printed {name.value!r} v{version.value}, which is not in the schema")
    return name.value, version.value


def _read_fields(readers: Mapping[str, Reader], fields: Mapping[str, clarity.Value], name: str) -> dict[str, Any]:
    if fields.keys() - {"event", "v"} != readers.keys():
        raise UnknownEvent(f"{name} has fields {sorted(fields)}, not {sorted(readers)}")
    try:
        return {field: read(fields[field]) for field, read in readers.items()}
    except TypeError as error:
        raise UnknownEvent(f"{name}: {error}") from error
