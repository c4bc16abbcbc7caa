"""How far event observers have heard the chain, kept on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from bitpay.localchain.archive import Archive
from bitpay.localchain.hooks.files import keep, kept
from bitpay.stacks.model import BlockHeader


class Place(NamedTuple):
    """A block, by its height and index block hash."""

    height: int
    hash: str

    @classmethod
    def of(cls, header: BlockHeader) -> Self:
        """Return the place of a block."""
        return cls(header.height, header.hash)

    @classmethod
    def before(cls, header: BlockHeader) -> Self:
        """Return the place of the block before another one."""
        return cls(header.height - 1, header.parent_hash)

    def is_in(self, archive: Archive) -> bool:
        """Tell whether the block is in the chain."""
        header = archive.header(self.height)
        return header is not None and header.hash == self.hash


class Places:
    """The places of all observers of a chain, in a file, by their uuids.

    For each, the last block that was taken is kept and ever more distant ones before it. The latest of them that is
    still in the chain is where the observer goes on, whatever was replaced meanwhile.
    """

    def __init__(self, file: Path, archive: Archive) -> None:
        self._file = file
        self._archive = archive
        self._known = {uuid: [Place(*one) for one in places] for uuid, places in (kept(file) or {}).items()}

    def of(self, uuid: str) -> Place:
        """Return the last block of the chain that an observer has heard of; a new one begins after the tip."""
        if uuid not in self._known:
            self.keep(uuid, Place.of(self._archive.tip))
        there = (place for place in self._known[uuid] if place.is_in(self._archive))
        return next(there, Place.of(self._archive.first))

    def keep(self, uuid: str, place: Place) -> None:
        """Remember that an observer has taken a block of the chain, and all before it."""
        self._known[uuid] = [place, *self._back_from(place.height)]
        keep(self._file, self._known)

    def _back_from(self, height: int) -> Iterator[Place]:
        step = 1
        while (header := self._archive.header(height - step)) is not None:
            yield Place.of(header)
            step *= 2
