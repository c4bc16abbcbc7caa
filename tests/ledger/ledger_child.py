"""A ledger in a process of its own, to be killed: it says `inside` within its second transaction and stays there."""

import asyncio
import sys
from collections.abc import Sequence

from pymongo.asynchronous.client_session import AsyncClientSession
from tests.ledger.ledger_chain import CONTRACTS, Chain, View

from bitpay.ledger.ledger import Ledger
from bitpay.realtime.log import RoomLog
from bitpay.store import Document, connect, open_database
from bitpay.streams.projection import PROJECTION


class StuckRooms(RoomLog):
    """Stays inside the transaction once a first one has been committed."""

    calls = 0

    async def append(self, entries: Sequence[Document], session: AsyncClientSession) -> None:
        await super().append(entries, session)
        StuckRooms.calls += 1
        if StuckRooms.calls > 1:
            sys.stdout.write("inside\n")
            sys.stdout.flush()
            await asyncio.sleep(3600)


async def main(url: str, name: str, seed: int) -> None:
    client = connect(url)
    database = open_database(client, name)
    chain = Chain(seed)
    tip = chain.grow(None, 100, events=3)
    ledger = Ledger(database, View(chain, tip), CONTRACTS, [PROJECTION], StuckRooms(database), start_height=1)
    await ledger.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
