"""The order to read blocks again: whoever follows the chain goes back to before them, before it applies another."""

from bitpay.kit.errors import Conflict, NotFound
from bitpay.ledger.book import HEAD, floor_of
from bitpay.store import Database

_FIELD = "rereadFrom"


async def order_reread(database: Database, height: int) -> None:
    """Have the blocks from a height on read again.

    Raises Conflict where that block is final, and NotFound where there is no ledger.
    """
    floor = await floor_of(database)
    if height <= floor:
        told = f"Blocks up to {floor} are final here and cannot be undone: begin the ledger anew, from a backup."
        raise Conflict(told, floor=floor)
    # Whoever stands at the head must begin again, and finds the order then.
    change = {"$set": {_FIELD: height}, "$inc": {"nonce": 1}}
    if not (await database[HEAD].update_one({}, change)).matched_count:
        raise NotFound("This database has no ledger yet.")


async def ordered_reread(database: Database) -> int | None:
    """Return the height from which blocks are to be read again, None where nothing is ordered."""
    head = await database[HEAD].find_one({}, {_FIELD: 1}) or {}
    return head.get(_FIELD)


async def withdraw_reread(database: Database, height: int) -> None:
    """Forget the order for this height: it is done, or cannot be."""
    await database[HEAD].update_one({_FIELD: height}, {"$unset": {_FIELD: ""}})
