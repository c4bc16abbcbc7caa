"""Whatever events come in whatever order: the folds do not fall over, and end in the same documents on every way."""

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

import bson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.any_events import KINDS, Facts
from tests.ledger.ledger_chain import CONTRACTS, PEOPLE

from bitpay.analytics.models import ACTIVE
from bitpay.ledger.events import DecodedBlock, storable_fields
from bitpay.ledger.fold import fold, keys_of
from bitpay.ledger.projection import Key, LedgerEvent, Message, Projection
from bitpay.protocol.events import decode_event
from bitpay.registry import PROJECTIONS
from bitpay.stacks import clarity
from bitpay.stacks.model import BlockHeader
from bitpay.store import Document

ROOMS = ("marketplace", "treasury", "stream:", "user:")
Documents = dict[Key, Document]


def story(seed: int, length: int) -> list[LedgerEvent]:
    """Return events of all kinds at times that never fall."""
    draw = random.Random(seed)  # noqa: S311 - a seed that replays is the point
    facts = Facts(draw, [*PEOPLE, CONTRACTS.treasury], ids=3, huge=draw.choice([0.0, 0.0, 0.1]))
    time = draw.choice([0, 1_750_000_000])
    events = []
    for number in range(length):
        contract, name = draw.choice(KINDS)
        printed = {"event": clarity.ascii(name), "v": clarity.uint(1), **facts.of(contract, name)}
        time += draw.choice([0, 10, 40_000, 90_000])
        header = BlockHeader(number, f"0x{number:064x}", "0x", time, 100, "0x", time, 1)
        fields = decode_event(contract, clarity.encode(clarity.tuple_(printed))).fields
        events.append(LedgerEvent(f"{number}", header, f"0x{number}", 0, 0, "S", contract, name, 1, fields))
    return events


def stored(document: Document) -> Document:
    """Return the document as it comes back from the database."""
    encoded: Document = bson.decode(bson.encode(dict(storable_fields(document))))
    return encoded


def folded(projection: Projection, events: Sequence[LedgerEvent], *, storing: bool) -> Documents:
    """Fold one event after the other, perhaps through the database and the stored events each time."""
    documents: Documents = {}
    for event in events:
        fields: Any = stored(dict(event.fields)) if storing else event.fields
        seen = LedgerEvent(**{name: getattr(event, name) for name in event.__slots__} | {"fields": fields})
        for key in projection.keys(seen):
            _step(projection, documents, key, seen)
            if storing and key in documents:
                documents[key] = stored(documents[key])
    return {key: stored(document) for key, document in documents.items()}


def _step(projection: Projection, documents: Documents, key: Key, event: LedgerEvent) -> None:
    before = documents.get(key, projection.beginning(key))
    kept = copy.deepcopy(before)
    after = projection.step(before, event)
    assert before == kept, "a step altered its argument"
    if after is before:
        return
    for message in projection.messages(before, after, event):
        _check(message)
    if after is None:
        documents.pop(key, None)
        return
    assert after["_id"] == key
    documents[key] = after


def _check(message: Message) -> None:
    json.dumps(message.data)
    bson.encode(dict(storable_fields(message.data)))
    assert message.rooms
    assert all(room.startswith(ROOMS) for room in message.rooms)
    assert len(set(message.rooms)) == len(message.rooms)


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32), st.integers(1, 120))
def test_no_order_of_events_breaks_a_fold_and_every_way_ends_alike(seed: int, length: int) -> None:
    events = story(seed, length)
    for projection in PROJECTIONS:
        assert folded(projection, events, storing=False) == folded(projection, events, storing=True)


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32), st.integers(2, 60), st.data())
def test_before_images_lead_back_to_any_block(seed: int, length: int, data: st.DataObject) -> None:
    events = story(seed, length)
    target = data.draw(st.integers(0, length - 1))
    now, images = at_once(events)
    for block, name, key, before in reversed(images):
        if block.header.height > events[target].block.height:
            now[name][key] = before
    then, _ = at_once(events[: target + 1])
    assert {name: present(now[name]) for name in now} == {name: present(then[name]) for name in then}


def at_once(events: Sequence[LedgerEvent]) -> tuple[dict[str, dict[Key, Document | None]], list[Any]]:
    """Fold a run of blocks, an event in each; returns all documents and the before-images."""
    documents = {one.collection: dict.fromkeys(keys_of(one, events)) for one in PROJECTIONS}
    run = [DecodedBlock(event.block, (event,)) for event in events]
    folded = fold(PROJECTIONS, documents, run, keep_image=lambda _: True)
    return {name: {**documents[name], **folded.changed.get(name, {})} for name in documents}, folded.images


def present(documents: dict[Key, Document | None]) -> Documents:
    return {key: document for key, document in documents.items() if document is not None}


def test_every_kind_of_event_changes_a_document_that_people_read() -> None:
    folds = [projection for projection in PROJECTIONS if projection.collection != ACTIVE]
    changing = {
        (event.contract, event.name) for event in story(7, 2_000) if any(projection.keys(event) for projection in folds)
    }
    assert changing == set(KINDS)
