"""Registered hooks, as with Chainhooks 2.0: kept in a file, enabled and disabled, expiring, evaluated on demand."""

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bitpay.kit.errors import Conflict, NotFound
from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Block, Change, MinedTransaction
from bitpay.localchain.hooks.chainhooks2 import Interfaces, Writer, delivery
from bitpay.localchain.hooks.courier import Patience
from bitpay.localchain.hooks.definition import Definition
from bitpay.localchain.hooks.files import keep, kept, understood
from bitpay.localchain.hooks.filters import matches
from bitpay.localchain.hooks.sender import Sender

MAX_HOOKS = 100
StatusWord = Literal["new", "streaming", "expired", "interrupted"]


@dataclass(frozen=True, slots=True)
class Status:
    """How a registered hook is doing. Times in milliseconds since 1970."""

    status: StatusWord
    enabled: bool
    created_at: int
    last_evaluated_at: int | None = None
    last_evaluated_block_height: int | None = None
    last_occurrence_at: int | None = None
    last_occurrence_block_height: int | None = None
    evaluated_block_count: int = 0
    occurrence_count: int = 0


class RegisteredHook:
    """One registered hook and its deliveries."""

    def __init__(self, name: str, definition: Definition, status: Status, sender: Sender) -> None:
        self.uuid = name
        self.definition = definition
        self._status = status
        self.sender = sender

    @property
    def status(self) -> Status:
        """How it is doing."""
        if self.sender.state == "interrupted":
            return replace(self._status, status="interrupted", enabled=False)
        return self._status

    def enable(self, enabled: bool) -> None:
        """Start or stop deliveries; starting forgets an interruption, and what was missed during it."""
        if enabled:
            self.sender.resume()
        word: StatusWord = "streaming" if enabled else self.status.status
        self._status = replace(self._status, enabled=enabled, status=word)

    def changed(self, change: Change, interfaces: Interfaces) -> None:
        """Deliver what the hook wants of a change."""
        if self.status.enabled:
            occurred = self.deliver(change, interfaces)
            self._count(change, occurred=occurred)

    def deliver(self, change: Change, interfaces: Interfaces) -> bool:
        """Deliver what the hook wants of a change, whether enabled or not. Returns whether there was anything."""
        writer = Writer(self.definition.chosen, interfaces)
        hook = {"uuid": self.uuid, "name": self.definition.name}
        document = delivery(change, writer, self._wants, hook)
        if document is not None:
            self.sender.put([("", document)])
        return document is not None

    def _wants(self, mined: MinedTransaction) -> bool:
        return matches(mined, self.definition.filters.events)

    def _count(self, change: Change, *, occurred: bool) -> None:
        now, height = _now(), change.apply[-1].header.height if change.apply else None
        status = replace(
            self._status,
            last_evaluated_at=now,
            last_evaluated_block_height=height,
            evaluated_block_count=self._status.evaluated_block_count + len(change.apply),
        )
        if occurred:
            count = status.occurrence_count + 1
            status = replace(
                status, last_occurrence_at=now, last_occurrence_block_height=height, occurrence_count=count
            )
        self._status = replace(status, status="expired", enabled=False) if self._is_over(status) else status

    def _is_over(self, status: Status) -> bool:
        options = self.definition.chosen
        evaluations, occurrences = options.expire_after_evaluations, options.expire_after_occurrences
        return (evaluations is not None and status.evaluated_block_count >= evaluations) or (
            occurrences is not None and status.occurrence_count >= occurrences
        )

    def to_json(self) -> dict[str, Any]:
        """Return the hook as the registration API shows it."""
        definition = self.definition.model_dump(mode="json", exclude_unset=True)
        return {"uuid": self.uuid, "definition": definition, "status": asdict(self.status)}


class Registry:
    """All registered hooks of a chain, in a file that only the owner can read."""

    def __init__(self, file: Path, archive: Archive, interfaces: Interfaces, patience: Patience) -> None:
        self._file = file
        self._archive = archive
        self._interfaces = interfaces
        self._patience = patience
        self.secret: str | None = None
        """What every delivery to a registered hook carries, None before one is made."""
        self._hooks: dict[str, RegisteredHook] = {}
        self._load()

    async def close(self) -> None:
        """Stop all deliveries."""
        self._save()
        for hook in self._hooks.values():
            await hook.sender.close()

    def changed(self, change: Change) -> None:
        """Deliver a change to every hook that wants it."""
        for hook in self._hooks.values():
            hook.changed(change, self._interfaces)

    def all(self) -> list[RegisteredHook]:
        """Return the hooks, oldest first."""
        return list(self._hooks.values())

    def get(self, name: str) -> RegisteredHook:
        """Return a hook by its uuid. Raises NotFound."""
        hook = self._hooks.get(name)
        if hook is None:
            raise NotFound("Chainhook not found")
        return hook

    def register(self, definition: Definition) -> RegisteredHook:
        """Add a hook. Raises Conflict when there are too many."""
        if len(self._hooks) >= MAX_HOOKS:
            raise Conflict(f"There may be {MAX_HOOKS} hooks.")
        hook = self._make(str(uuid.uuid4()), definition, Status("new", enabled=False, created_at=_now()))
        hook.enable(definition.chosen.enable_on_registration)
        self._save()
        return hook

    def update(self, name: str, definition: Definition) -> RegisteredHook:
        """Replace a hook's definition, keeping its status. Raises NotFound."""
        hook = self.get(name)
        hook.definition = definition
        hook.sender.url = str(definition.action.url)
        self._save()
        return hook

    def enable(self, hooks: Sequence[RegisteredHook], enabled: bool) -> None:
        """Start or stop hooks."""
        for hook in hooks:
            hook.enable(enabled)
        self._save()

    async def remove(self, name: str) -> None:
        """Delete a hook. Raises NotFound."""
        await self.get(name).sender.close()
        del self._hooks[name]
        self._save()

    def evaluate(self, name: str, block: Block) -> None:
        """Deliver one block again. Raises NotFound."""
        self.get(name).deliver(Change((), (block,)), self._interfaces)

    def rotate_secret(self) -> str:
        """Make and return another consumer secret."""
        self.secret = secrets.token_hex(32)
        self._save()
        return self.secret

    def forget_secret(self) -> None:
        """Deliver without a secret from now on."""
        self.secret = None
        self._save()

    def _make(self, name: str, definition: Definition, status: Status) -> RegisteredHook:
        sender = Sender(str(definition.action.url), self._headers, self._patience)
        self._hooks[name] = RegisteredHook(name, definition, status, sender)
        return self._hooks[name]

    def _headers(self) -> Mapping[str, str]:
        return secret_headers(self.secret or "")

    def _load(self) -> None:
        document = kept(self._file)
        if document is None:
            return
        self.secret = document["secret"]
        for one in document["hooks"]:
            definition = understood(Definition, one["definition"])
            if definition is not None:
                self._make(one["uuid"], definition, Status(**one["status"]))

    def _save(self) -> None:
        keep(self._file, {"secret": self.secret, "hooks": [hook.to_json() for hook in self._hooks.values()]})


def secret_headers(secret: str) -> dict[str, str]:
    """Return both headers in which receivers look for the secret; none without one."""
    return {"authorization": f"Bearer {secret}", "x-chainhook-consumer-secret": secret} if secret else {}


def _now() -> int:
    return int(time.time() * 1000)
