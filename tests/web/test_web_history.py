"""A stream's history is what its canonical events say, in chain order."""

from typing import Any

from tests.web.web_samples import ALICE, BOB

from bitpay.ledger.book import BLOCKS, EVENTS
from bitpay.store import Database
from bitpay.streams.history import StreamHistory


def _event(block: str, height: int, name: str, contract: str = "bitpay-core", **fields: object) -> dict[str, Any]:
    place = {"_id": f"{block}:{name}", "block": block, "height": height, "txIndex": 0, "index": 0, "txid": f"0x{block}"}
    return {**place, "contract": contract, "name": name, "fields": {"stream-id": 7, **fields}}


async def test_it_tells_what_happened_and_nothing_that_was_undone(database: Database) -> None:
    heights = {"a": 1, "b": 2, "gone": 2, "c": 3}
    blocks = [{"_id": h, "height": n, "time": 100 * n, "canonical": h != "gone"} for h, n in heights.items()]
    await database[BLOCKS].insert_many(blocks)
    await database[EVENTS].insert_many(
        [
            _event("c", 3, "stream-cancelled", refunded=300),
            _event("a", 1, "stream-created", amount=1_000),
            _event("a", 1, "obligation-minted", "bitpay-obligation-nft", holder=BOB),
            _event("gone", 2, "stream-withdrawal", amount=999),
            _event("b", 2, "obligation-transferred", "bitpay-obligation-nft", to=ALICE),
        ]
    )
    told = [(entry.what, entry.sats, entry.time, entry.height) for entry in await StreamHistory(database).of(7)]
    assert told == [
        ("Created", 1_000, 100, 1),
        ("Transferred to ST0000…W42H", None, 200, 2),
        ("Cancelled, refunded to the sender", 300, 300, 3),
    ]
    assert await StreamHistory(database).of(8) == []
