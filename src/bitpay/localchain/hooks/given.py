"""Hooks that are given when a chain is started: they hear everything, in one of three formats."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from bitpay.localchain.blocks import Change
from bitpay.localchain.hooks import chainhook1
from bitpay.localchain.hooks.chainhooks2 import Interfaces, Writer, delivery
from bitpay.localchain.hooks.courier import Post
from bitpay.localchain.hooks.definition import Options
from bitpay.localchain.hooks.predicate import PrintEvent, wanted

Format = Literal["chainhooks2", "chainhook1", "observer"]
_EVERYTHING = Options(decode_clarity_values=True, include_block_metadata=True)
Renderer = Callable[[Change], Iterator[Post]]


@dataclass(frozen=True, slots=True)
class GivenHook:
    """A hook of one process. `secret` is sent in both headers that receivers know; an observer gets none."""

    format: Format
    url: str
    secret: str = ""

    @property
    def uuid(self) -> str:
        """The same for the same URL and format."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.format} {self.url}"))

    def renderer(self, interfaces: Interfaces) -> Renderer:
        """Return what turns a change into posts, for a Chainhook of either version."""
        return _chainhook1(self.uuid) if self.format == "chainhook1" else _chainhooks2(self.uuid, interfaces)


def _chainhooks2(name: str, interfaces: Interfaces) -> Renderer:
    writer = Writer(_EVERYTHING, interfaces)

    def render(change: Change) -> Iterator[Post]:
        document = delivery(change, writer, lambda _: True, {"uuid": name, "name": "everything"})
        if document is not None:
            yield "", document

    return render


def _chainhook1(name: str) -> Renderer:
    everything = PrintEvent(scope="print_event", contract_identifier="*", contains="*")
    writer = chainhook1.Writer(name, everything.model_dump(exclude_unset=True))

    def render(change: Change) -> Iterator[Post]:
        document = writer.payload(change, lambda block: wanted(everything, block))
        if document is not None:
            yield "", document

    return render
