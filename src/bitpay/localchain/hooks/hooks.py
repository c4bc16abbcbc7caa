"""Everything a chain tells, to whom, and how badly."""

from collections.abc import Sequence
from pathlib import Path

from bitpay.kit.errors import NotFound
from bitpay.localchain.blocks import Change
from bitpay.localchain.hooks.courier import Patience
from bitpay.localchain.hooks.feed import Feed
from bitpay.localchain.hooks.given import GivenHook, Renderer
from bitpay.localchain.hooks.misbehaviour import Misbehaviour
from bitpay.localchain.hooks.places import Places
from bitpay.localchain.hooks.predicates import Predicates
from bitpay.localchain.hooks.registry import Registry, secret_headers
from bitpay.localchain.hooks.sender import Sender
from bitpay.localchain.service import ChainService

PATIENCE = Patience()
RESUMING = Patience(resume_after=2.0)
"""Nobody can enable a given Chainhook again: it does so itself."""


class Hooks:
    """The hooks of one chain, the registered ones kept in `file` and, v1's, in predicates.json beside it.

    How far its observers are is kept in observers.json. Follows the chain; every receiver has a task of its own.
    """

    def __init__(self, service: ChainService, given: Sequence[GivenHook], file: Path) -> None:
        chain = service.chain
        places = Places(file.with_name("observers.json"), chain.archive)
        self._given: list[tuple[GivenHook, Renderer, Sender]] = []
        self._observers: list[tuple[GivenHook, Feed]] = []
        for hook in given:
            if hook.format == "observer":
                self._observers.append((hook, Feed(hook.url, hook.uuid, service, places)))
                continue
            headers = secret_headers(hook.secret)
            sender = Sender(hook.url, lambda headers=headers: headers, RESUMING)  # type: ignore[misc]
            self._given.append((hook, hook.renderer(chain.known_interface), sender))
        self.registry = Registry(file, chain.archive, chain.known_interface, PATIENCE)
        self.predicates = Predicates(file.with_name("predicates.json"), chain.archive, chain.known_interface)

    def changed(self, change: Change) -> None:
        """Deliver a change to everybody who wants it."""
        for _, render, sender in self._given:
            posts = tuple(render(change))
            if posts:
                sender.put(posts)
        for _, feed in self._observers:
            feed.changed(change)
        self.registry.changed(change)
        self.predicates.changed(change)

    async def close(self) -> None:
        """Stop all deliveries."""
        await self.registry.close()
        await self.predicates.close()
        for _, _, sender in self._given:
            await sender.close()
        for _, feed in self._observers:
            await feed.close()

    def misbehave(self, habits: Misbehaviour, uuid: str | None = None) -> None:
        """Spoil the deliveries of one hook, or of all. Raises NotFound."""
        senders: dict[str, Sender | Feed] = {hook.uuid: sender for hook, _, sender in self._given}
        senders |= {hook.uuid: feed for hook, feed in self._observers}
        senders |= {hook.uuid: hook.sender for hook in self.registry.all()}
        senders |= {one.predicate.uuid: one.sender for one in self.predicates.all() if one.sender is not None}
        if uuid is not None and uuid not in senders:
            raise NotFound("Chainhook not found")
        for name, sender in senders.items():
            if uuid in (None, name):
                sender.misbehave(habits)

    def status(self) -> list[dict[str, str]]:
        """Return how all hooks are doing, the given ones first; those have no name."""
        states = [*((hook, sender.state) for hook, _, sender in self._given)]
        states += [(hook, feed.state) for hook, feed in self._observers]
        given = [
            {"uuid": hook.uuid, "name": "", "format": hook.format, "url": hook.url, "status": state}
            for hook, state in states
        ]
        registered = [
            {
                "uuid": hook.uuid,
                "name": hook.definition.name,
                "format": "chainhooks2",
                "url": hook.sender.url,
                "status": hook.status.status,
            }
            for hook in self.registry.all()
        ]
        predicates = [
            {
                "uuid": one.predicate.uuid,
                "name": one.predicate.name,
                "format": "chainhook1",
                "url": one.sender.url if one.sender is not None else "",
                "status": one.status()["type"],
            }
            for one in self.predicates.all()
        ]
        return given + registered + predicates
