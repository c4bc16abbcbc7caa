"""Predicates registered as with a self-hosted Chainhook (v1): scanned for in the past, then followed."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from bitpay.kit.errors import Conflict, NotFound
from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Block, Change
from bitpay.localchain.hooks.chainhook1 import Writer
from bitpay.localchain.hooks.chainhooks2 import Interfaces
from bitpay.localchain.hooks.courier import Patience
from bitpay.localchain.hooks.files import keep, kept, understood
from bitpay.localchain.hooks.predicate import HttpPost, Predicate, wanted
from bitpay.localchain.hooks.sender import Sender

_log = structlog.get_logger(__name__)

MAX_PREDICATES = 100
PATIENCE = Patience(attempts=3, first_pause=1.0, longest_pause=1.0)
"""Chainhook's own: three attempts, then the predicate is interrupted for good."""
_CONFIRMATIONS = 7
"""Blocks after which Chainhook takes an expiration for settled."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a predicate has come. Times in Unix seconds, heights in blocks."""

    blocks_to_scan: int = 0
    evaluated: int = 0
    triggered: int = 0
    last_occurrence: int | None = None
    last_evaluation: int = 0
    last_height: int = 0
    scanning: bool = False
    expired_at: int | None = None
    failure: str | None = None


class RegisteredPredicate:
    """One predicate and its deliveries."""

    def __init__(self, predicate: Predicate, progress: Progress, archive: Archive, interfaces: Interfaces) -> None:
        self.predicate = predicate
        self._progress = progress
        self._archive = archive
        spec = predicate.here
        rule = spec.if_this.model_dump(mode="json", exclude_unset=True)
        interfaces_too = interfaces if spec.include_contract_abi else None
        self._writer = Writer(predicate.uuid, rule, bool(spec.decode_clarity_values), interfaces_too)
        self.sender: Sender | None = None
        if isinstance(spec.then_that, HttpPost):
            hook = spec.then_that.http_post
            headers = {"authorization": hook.authorization_header}
            self.sender = Sender(str(hook.url), lambda: headers, PATIENCE)
        self._later: list[Change] = []
        self._scan: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop scanning and delivering."""
        if self._scan is not None:
            self._scan.cancel()
            await asyncio.gather(self._scan, return_exceptions=True)
        if self.sender is not None:
            await self.sender.close()

    def scan(self) -> None:
        """Look through the past first, as far as the predicate wants that; what happens meanwhile comes after it."""
        spec, tip = self.predicate.here, self._archive.tip.height
        last = tip if spec.end_block is None else min(tip, spec.end_block)
        heights: Sequence[int] = ()
        if spec.blocks is not None:
            heights = sorted({height for height in spec.blocks if height <= last})
        elif spec.start_block is not None:
            heights = range(max(spec.start_block, self._archive.first.height), last + 1)
        if heights:
            self._progress = replace(self._progress, scanning=True, blocks_to_scan=len(heights))
            self._scan = asyncio.create_task(self._look_through(heights))

    async def _look_through(self, heights: Sequence[int]) -> None:
        """Evaluate past blocks. What fails here interrupts the predicate for good, as Chainhook does."""
        try:
            await self._evaluate_past(heights)
        except Exception as error:  # noqa: BLE001 - whatever it was, its status says so
            _log.exception("predicate_interrupted", predicate=self.predicate.uuid)
            self._progress = replace(self._progress, failure=f"{type(error).__name__}: {error}")
        self._progress = replace(self._progress, scanning=False)
        later, self._later = self._later, []
        for change in later:
            self.changed(change)

    async def _evaluate_past(self, heights: Sequence[int]) -> None:
        for height in heights:
            if self._archive.header(height) is not None:
                self._evaluate(Change((), (self._archive.block(height),)), streaming=False)
            if self.sender is not None:
                await self.sender.settle()
            await asyncio.sleep(0)

    def changed(self, change: Change) -> None:
        """Deliver what the predicate wants of a change."""
        if self._progress.scanning:
            self._later.append(change)
        elif self.active:
            self._evaluate(change, streaming=True)

    @property
    def active(self) -> bool:
        """Whether it still hears of anything."""
        return self._failure is None and self._progress.expired_at is None

    @property
    def _failure(self) -> str | None:
        if self.sender is not None and self.sender.state == "interrupted":
            return self.sender.failure
        return self._progress.failure

    def _evaluate(self, change: Change, *, streaming: bool) -> None:
        if not self.active:
            return
        document = self._writer.payload(change, self._wanted, streaming=streaming)
        if document is not None and self.sender is not None:
            self.sender.put([("", document)])
        self._count(change.apply, occurred=document is not None)

    def _wanted(self, block: Block) -> list[int]:
        spec, height = self.predicate.here, block.header.height
        if height < (spec.start_block or 0) or (spec.end_block is not None and height > spec.end_block):
            return []
        return wanted(spec.if_this, block)

    def _count(self, blocks: Sequence[Block], *, occurred: bool) -> None:
        spec, now = self.predicate.here, int(time.time())
        height = blocks[-1].header.height if blocks else self._progress.last_height
        triggered = self._progress.triggered + occurred
        over = spec.end_block is not None and height > spec.end_block
        over = over or (spec.expire_after_occurrence is not None and triggered >= spec.expire_after_occurrence)
        self._progress = replace(
            self._progress,
            evaluated=self._progress.evaluated + len(blocks),
            triggered=triggered,
            last_occurrence=now if occurred else self._progress.last_occurrence,
            last_evaluation=now,
            last_height=height,
            expired_at=height if over else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the predicate as Chainhook's API shows it: never where its deliveries go."""
        return {
            "chain": "stacks",
            "uuid": self.predicate.uuid,
            "network": self.predicate.network,
            "predicate": self._writer.predicate,
            "status": self.status(),
            "enabled": self.active and not self._progress.scanning,
        }

    def status(self) -> dict[str, Any]:
        """Return how it is doing, in Chainhook's words."""
        progress = self._progress
        if self._failure is not None:
            return {"type": "interrupted", "info": self._failure}
        if progress.expired_at is not None:
            settled = self._archive.tip.height - progress.expired_at >= _CONFIRMATIONS
            info = {**self._figures(), "expired_at_block_height": progress.expired_at}
            return {"type": "confirmed_expiration" if settled else "unconfirmed_expiration", "info": info}
        if progress.scanning:
            info = {**self._figures(), "number_of_blocks_to_scan": progress.blocks_to_scan}
            return {"type": "scanning", "info": info}
        return {"type": "streaming", "info": {**self._figures(), "last_evaluation": progress.last_evaluation}}

    def _figures(self) -> dict[str, Any]:
        return {
            "number_of_blocks_evaluated": self._progress.evaluated,
            "number_of_times_triggered": self._progress.triggered,
            "last_occurrence": self._progress.last_occurrence,
            "last_evaluated_block_height": self._progress.last_height,
        }

    def kept(self) -> dict[str, Any]:
        """Return what is kept of it across restarts."""
        predicate = self.predicate.model_dump(mode="json", exclude_unset=True)
        return {"predicate": predicate, "progress": {**asdict(self._progress), "failure": self._failure}}


class Predicates:
    """All registered predicates of a chain, in a file that only the owner can read."""

    def __init__(self, file: Path, archive: Archive, interfaces: Interfaces) -> None:
        self._file = file
        self._archive = archive
        self._interfaces = interfaces
        self._known: dict[str, RegisteredPredicate] = {}
        for one in kept(file) or ():
            definition = understood(Predicate, one["predicate"])
            if definition is None:
                continue
            predicate = self._add(definition, Progress(**one["progress"]))
            if one["progress"]["scanning"]:
                predicate.scan()

    async def close(self) -> None:
        """Stop all deliveries."""
        self._save()
        for predicate in self._known.values():
            await predicate.close()

    def changed(self, change: Change) -> None:
        """Deliver a change to every predicate that wants it."""
        for predicate in self._known.values():
            predicate.changed(change)

    def all(self) -> list[RegisteredPredicate]:
        """Return the predicates, oldest first."""
        return list(self._known.values())

    def get(self, uuid: str) -> RegisteredPredicate:
        """Return a predicate. Raises NotFound."""
        if uuid not in self._known:
            raise NotFound("Predicate not found")
        return self._known[uuid]

    def register(self, predicate: Predicate) -> RegisteredPredicate:
        """Add a predicate and begin. Raises Conflict when its uuid is taken or there are too many."""
        if predicate.uuid in self._known:
            raise Conflict("Predicate uuid already in use")
        if len(self._known) >= MAX_PREDICATES:
            raise Conflict(f"There may be {MAX_PREDICATES} predicates.")
        added = self._add(predicate, Progress())
        added.scan()
        self._save()
        return added

    async def remove(self, uuid: str) -> None:
        """Delete a predicate, if it is there."""
        predicate = self._known.pop(uuid, None)
        if predicate is not None:
            await predicate.close()
            self._save()

    def _add(self, predicate: Predicate, progress: Progress) -> RegisteredPredicate:
        self._known[predicate.uuid] = RegisteredPredicate(predicate, progress, self._archive, self._interfaces)
        return self._known[predicate.uuid]

    def _save(self) -> None:
        keep(self._file, [predicate.kept() for predicate in self._known.values()])
