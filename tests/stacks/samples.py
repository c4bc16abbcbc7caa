"""Seeded random material: values, transactions, texts. The same seed gives the same samples everywhere."""

import random
import string
from collections.abc import Callable, Sequence
from typing import Any

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal
from bitpay.stacks.clarity import Value
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import (
    Asset,
    Compare,
    FtPostCondition,
    Mode,
    NftPostCondition,
    Performs,
    PostCondition,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)
from bitpay.stacks.transactions import ContractCall, Payload, SmartContract, TokenTransfer

_ASCII = string.ascii_letters + string.digits + string.punctuation + " \t\n\r\x0c"
_UNICODE = _ASCII + "äéßłЖпривет漢字かな한국어\u0000\u0301\u200d\u2028👩🏽‍💻💸𝔘\U0010ffff"  # noqa: RUF001
# Keys on whose order byte-wise and locale-wise comparison agree; test_stacks_reference says more.
_KEY_FIRST, _KEY_REST = string.ascii_lowercase, string.ascii_lowercase + string.digits + "-"
_EDGES = (0, 1, 2, 127, 128, 255, 256, 2**31, 2**32, 2**63 - 1, 2**64 - 1, 2**64, 2**127 - 1)


class Samples:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - samples, not secrets

    def pick(self, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - whatever is in there
        return self.random.choice(choices)

    def text(self, alphabet: str, longest: int) -> str:
        return "".join(self.random.choices(alphabet, k=self.random.randint(0, longest)))

    def name(self, longest: int = 40, rest: str = _KEY_REST) -> str:
        first: str = self.pick(_KEY_FIRST)
        return first + self.text(rest, self.pick((0, 5, longest - 1)))

    def secret(self) -> PrivateKey:
        return PrivateKey(self.random.randbytes(32))

    def principal(self) -> Principal:
        version = self.pick((20, 21, 22, 26, 22, 26, self.random.randrange(32)))
        name = None if self.random.random() < 0.5 else self.name()
        return Principal(version, self.pick((self.random.randbytes(20), bytes(20), b"\0" * 3 + bytes(17))), name)

    def contract(self) -> Principal:
        return self.principal().contract(self.name())

    def natural(self) -> int:
        number: int = self.pick((self.pick(_EDGES), self.random.getrandbits(self.random.randint(1, 128))))
        return number

    def amount(self) -> int:
        return self.natural() % 2**64

    def value(self, depth: int = 4) -> Value:
        plain: list[Callable[[], Value]] = [
            lambda: clarity.uint(self.natural()),
            lambda: clarity.int_(self.pick((1, -1)) * (self.natural() >> 1)),
            lambda: clarity.bool_(self.random.random() < 0.5),
            lambda: clarity.buffer(self.random.randbytes(self.pick((0, 1, 20, 34, 300)))),
            lambda: clarity.ascii(self.text(_ASCII, 60)),
            lambda: clarity.utf8(self.text(_UNICODE, 40)),
            lambda: clarity.principal(self.principal()),
            lambda: clarity.NONE,
        ]
        nested: list[Callable[[], Value]] = [
            lambda: clarity.some(self.value(depth - 1)),
            lambda: clarity.ok(self.value(depth - 1)),
            lambda: clarity.err(self.value(depth - 1)),
            lambda: self.list(depth - 1),
            lambda: self.tuple(depth - 1),
            lambda: self.tuple(depth - 1),
        ]
        made: Value = self.pick(plain if depth == 0 or self.random.random() < 0.4 else nested)()
        return made

    def list(self, depth: int) -> Value:
        """A list of one item several times, or of plain ones of one kind."""
        if self.random.random() < 0.5:
            return clarity.list_([self.value(depth)] * self.random.randint(0, 4))
        kind = self.pick((clarity.uint, clarity.int_))
        return clarity.list_([kind(self.natural() >> 1) for _ in range(self.random.randint(0, 8))])

    def tuple(self, depth: int) -> Value:
        return clarity.tuple_({self.name(20): self.value(depth) for _ in range(self.random.randint(1, 6))})

    def payload(self) -> Payload:
        kind = self.random.random()
        if kind < 0.6:
            args = tuple(self.value(3) for _ in range(self.random.randint(0, 5)))
            return ContractCall(self.contract(), self.name(), args)
        if kind < 0.8:
            memo = self.text(string.ascii_letters, 34).encode()
            return TokenTransfer(self.principal(), self.amount(), memo)
        source = self.text(string.printable[:96].replace("\r", ""), 400)
        return SmartContract(self.name(), source, self.pick((None, 1, 2, 3, 4, 5, 6)))

    def asset(self) -> Asset:
        return Asset(self.contract(), self.name())

    def post_condition(self) -> PostCondition:
        who = self.pick((None, self.principal()))
        compare = self.pick(list(Compare))
        made: PostCondition = self.pick(
            (
                StxPostCondition(who, compare, self.amount()),
                FtPostCondition(who, self.asset(), compare, self.amount()),
                NftPostCondition(who, self.asset(), self.value(2), self.pick(list(Sent))),
                StakingPostCondition(who, compare, self.amount()),
                PoxPostCondition(who, self.pick(list(Performs))),
            )
        )
        return made

    def mode(self) -> Mode:
        mode: Mode = self.pick(list(Mode))
        return mode

    def network(self) -> Network:
        network: Network = self.pick(list(Network))
        return network

    def mutated(self, data: bytes) -> bytes:
        """The bytes with one thing wrong: a bit, a byte more or less, an end too early, something after the end."""
        at = self.random.randrange(len(data))
        byte = bytes((self.random.randrange(256),))
        changed: bytes = self.pick(
            (
                data[:at] + bytes((data[at] ^ (1 << self.random.randrange(8)),)) + data[at + 1 :],
                data[:at] + byte + data[at:],
                data[:at] + data[at + 1 :],
                data[:at],
                data + byte,
                data[:at] + byte + data[at + 1 :],
            )
        )
        return changed


_KINDS: dict[type[Value], str] = {
    clarity.Int: "int",
    clarity.UInt: "uint",
    clarity.Bool: "bool",
    clarity.Buffer: "buffer",
    clarity.Ascii: "ascii",
    clarity.Utf8: "utf8",
    clarity.PrincipalValue: "principal",
    clarity.NoneValue: "none",
    clarity.Some: "some",
    clarity.Ok: "ok",
    clarity.Err: "err",
    clarity.List: "list",
    clarity.Tuple: "tuple",
}


def describe(value: Value) -> list[Any]:
    """A value as [kind, payload], for the reference to build without reading our bytes."""
    return [_KINDS[type(value)], _payload(value)]


def _payload(value: Value) -> Any:  # noqa: ANN401 - JSON
    match value:
        case clarity.Int(n) | clarity.UInt(n):
            return str(n)
        case clarity.Some(inner) | clarity.Ok(inner) | clarity.Err(inner):
            return describe(inner)
        case clarity.List(items):
            return [describe(item) for item in items]
        case clarity.Tuple(items):
            return [[key, describe(item)] for key, item in items]
    python = clarity.to_python(value)
    return python.hex() if isinstance(python, bytes) else python
