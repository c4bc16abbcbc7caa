"""The fold itself, pure: documents before and blocks in, documents after, before-images and messages out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bitpay.ledger.events import DecodedBlock
from bitpay.ledger.projection import Key, LedgerEvent, Message, Projection
from bitpay.store import Document

Documents = dict[Key, Document | None]


@dataclass(slots=True)
class Folded:
    """What a run of blocks does. Per collection: the documents that changed, as they are afterwards (None: gone).

    `images` are the documents before each block, once per (block, collection, key), in chain order; `messages` are in
    chain order, with the event that caused them.
    """

    changed: dict[str, Documents] = field(default_factory=dict)
    images: list[tuple[DecodedBlock, str, Key, Document | None]] = field(default_factory=list)
    messages: list[tuple[LedgerEvent, Message]] = field(default_factory=list)


def keys_of(projection: Projection, events: Iterable[LedgerEvent]) -> list[Key]:
    """Return every key that the events touch, each once."""
    return list(dict.fromkeys(key for event in events for key in projection.keys(event)))


def fold(
    projections: Sequence[Projection],
    documents: Mapping[str, Documents],
    run: Sequence[DecodedBlock],
    *,
    keep_image: Callable[[DecodedBlock], bool],
) -> Folded:
    """Fold a run of consecutive blocks over the documents that it touches (`documents[collection][key]`)."""
    folded = Folded()
    for block in run:
        seen = set[tuple[str, Key]]() if keep_image(block) else None
        for event in block.events:
            for projection in projections:
                _fold_event(folded, projection, documents[projection.collection], block, event, seen)
    return folded


def _fold_event(
    folded: Folded,
    projection: Projection,
    documents: Documents,
    block: DecodedBlock,
    event: LedgerEvent,
    seen: set[tuple[str, Key]] | None,
) -> None:
    """Fold one event; `seen` are the documents that have this block's image already, None for a final block."""
    changed = folded.changed.setdefault(projection.collection, {})
    for key in projection.keys(event):
        before = changed[key] if key in changed else documents.get(key)
        begun = projection.beginning(key) if before is None else before
        after = projection.step(begun, event)
        if after is begun:
            continue
        if seen is not None and (projection.collection, key) not in seen:
            seen.add((projection.collection, key))
            folded.images.append((block, projection.collection, key, before))
        changed[key] = after
        if seen is None and not projection.leaves_house:
            continue
        folded.messages += [(event, message) for message in projection.messages(begun, after, event)]
