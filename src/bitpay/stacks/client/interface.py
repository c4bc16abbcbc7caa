"""What a contract offers, as a node tells it: functions, variables, maps and tokens with their types.

Source: stacks-core `clarity/src/vm/analysis/contract_interface_builder/mod.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bitpay.stacks import clarity
from bitpay.stacks.clarity import ClarityType
from bitpay.stacks.client.errors import AnswerInvalid
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.errors import NameInvalid, ValueInvalid

_PLAIN = {
    "int128": "int",
    "uint128": "uint",
    "bool": "bool",
    "principal": "principal",
    "trait_reference": "trait",
    "none": "none",
}
_SIZED = {"buffer": "buff", "string-ascii": "string-ascii", "string-utf8": "string-utf8"}


def read_type(fields: Fields, name: str) -> ClarityType:
    """Read the type in a field; raises `AnswerInvalid`."""
    try:
        return _type(fields, name, 0)
    except (ValueInvalid, NameInvalid) as error:
        raise fields.wrong(name, "a type") from error


def _type(fields: Fields, name: str, depth: int) -> ClarityType:
    plain = fields.plain().get(name)
    if isinstance(plain, str) and plain in _PLAIN:
        return ClarityType(_PLAIN[plain])
    if depth > clarity.MAX_DEPTH or not isinstance(plain, dict) or len(plain) != 1:
        raise fields.wrong(name, "a type")
    return _compound(fields.object(name), next(iter(plain)), depth + 1)


def _compound(fields: Fields, kind: str, depth: int) -> ClarityType:
    if kind in _SIZED:
        return ClarityType(_SIZED[kind], fields.object(kind).number("length"))
    match kind:
        case "optional":
            return ClarityType(kind, None, (_type(fields, kind, depth),))
        case "response":
            sides = fields.object(kind)
            return ClarityType(kind, None, (_type(sides, "ok", depth), _type(sides, "error", depth)))
        case "list":
            items = fields.object(kind)
            return ClarityType(kind, items.number("length"), (_type(items, "type", depth),))
        case "tuple":
            members = fields.objects(kind)
            names = tuple(member.text("name") for member in members)
            return ClarityType(kind, None, tuple(_type(member, "type", depth) for member in members), names)
    raise AnswerInvalid(f"{kind!r:.40} is not a type")


class Access(StrEnum):
    """Who may call a function."""

    PUBLIC = "public"
    READ_ONLY = "read_only"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Argument:
    """A function's argument."""

    name: str
    type: ClarityType


@dataclass(frozen=True, slots=True)
class Function:
    """A function and what it returns."""

    name: str
    access: Access
    args: tuple[Argument, ...]
    returns: ClarityType

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a function of an interface."""
        try:
            access = Access(fields.text("access"))
        except ValueError as error:
            raise fields.wrong("access", "public, read_only or private") from error
        args = tuple(Argument(arg.text("name"), read_type(arg, "type")) for arg in fields.objects("args"))
        return cls(fields.text("name"), access, args, read_type(fields.object("outputs"), "type"))


@dataclass(frozen=True, slots=True)
class Variable:
    """A data variable, or a constant."""

    name: str
    type: ClarityType
    constant: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a variable of an interface."""
        return cls(fields.text("name"), read_type(fields, "type"), fields.text("access") == "constant")


@dataclass(frozen=True, slots=True)
class DataMap:
    """A map and the types of its keys and values."""

    name: str
    key: ClarityType
    value: ClarityType

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a map of an interface."""
        return cls(fields.text("name"), read_type(fields, "key"), read_type(fields, "value"))


@dataclass(frozen=True, slots=True)
class NonFungibleToken:
    """A non-fungible token and the type of its ids."""

    name: str
    type: ClarityType

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a non-fungible token of an interface."""
        return cls(fields.text("name"), read_type(fields, "type"))


@dataclass(frozen=True, slots=True)
class ContractInterface:
    """What a contract offers. `epoch` and `clarity_version` are the node's words ("Epoch40", "Clarity4") or None."""

    functions: tuple[Function, ...]
    variables: tuple[Variable, ...]
    maps: tuple[DataMap, ...]
    fungible_tokens: tuple[str, ...]
    non_fungible_tokens: tuple[NonFungibleToken, ...]
    epoch: str | None
    clarity_version: str | None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v2/contracts/interface/{address}/{name}`."""
        return cls(
            functions=tuple(Function.read(one) for one in fields.objects("functions")),
            variables=tuple(Variable.read(one) for one in fields.objects("variables")),
            maps=tuple(DataMap.read(one) for one in fields.objects("maps")),
            fungible_tokens=tuple(one.text("name") for one in fields.objects("fungible_tokens")),
            non_fungible_tokens=tuple(NonFungibleToken.read(one) for one in fields.objects("non_fungible_tokens")),
            epoch=fields.optional_text("epoch"),
            clarity_version=fields.optional_text("clarity_version"),
        )

    def function(self, name: str) -> Function | None:
        """Return the function of a name, None without one."""
        return next((one for one in self.functions if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as Hiro's API knows it: where it was published, its source and what it offers.

    `clarity_version` is None where the deployment did not name one, `interface` where the API has none.
    """

    contract_id: str
    txid: str
    height: int
    clarity_version: int | None
    source: str
    interface: ContractInterface | None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/extended/v1/contract/{id}`, where the interface is JSON in a text."""
        abi = fields.json("abi") if "abi" in fields else None
        return cls(
            contract_id=fields.text("contract_id"),
            txid=fields.hash("tx_id"),
            height=fields.number("block_height"),
            clarity_version=fields.optional_number("clarity_version"),
            source=fields.text("source_code"),
            interface=None if abi is None else ContractInterface.read(Fields(abi, "contract.abi")),
        )
