"""What a serving process and the operator's commands stand on alike: one database, one chain, one ledger."""

from functools import cached_property

from bitpay.chainhook.arrivals import Format
from bitpay.chainhook.deliveries import Deliveries
from bitpay.kit.settings import LedgerSettings
from bitpay.ledger.audit import Auditor
from bitpay.ledger.hosted import HostedSource
from bitpay.ledger.lease import FOLLOWER, holder
from bitpay.ledger.ledger import Ledger
from bitpay.ledger.recorded import Recorded
from bitpay.ledger.source import ChainSource, ClientSource
from bitpay.protocol.ids import Contracts
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS, checks
from bitpay.stacks.client import StacksClient
from bitpay.stacks.client.chainhooks import ChainhooksClient
from bitpay.stacks.network import Network
from bitpay.store import connect, create_indexes, migrate, open_database
from bitpay.store.restoring import HalfRestored, check_whole, forget, loader

POLL_SECONDS = {"local": 0.25, "testnet": 4.0, "mainnet": 4.0}


class Foundation:
    """The parts of BitPay that depend on nothing but where the database and the chain are."""

    def __init__(self, settings: LedgerSettings) -> None:
        self.settings = settings
        self.contracts = Contracts(settings.deployer, settings.sbtc_token)
        self.network = Network.MAINNET if settings.network == "mainnet" else Network.TESTNET
        self.mongo = connect(settings.mongodb_url.get_secret_value())
        self.database = open_database(self.mongo, settings.mongodb_database)
        self.stacks = StacksClient(settings.stacks_api_url, api_key=settings.api_key or None)
        self.rooms = RoomLog(self.database)
        self.deliveries = Deliveries(self.database, self.contracts, trust=_trusted(settings))

    @cached_property
    def source(self) -> ChainSource:
        """The chain: the local one is read whole; of a public one only what concerns our contracts."""
        if self.settings.network == "local":
            return ClientSource(self.stacks)
        return HostedSource(self.stacks, self.contracts, Recorded(self.database))

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, not yet following."""
        return Ledger(
            self.database,
            self.source,
            self.contracts,
            PROJECTIONS,
            self.rooms,
            start_height=self.settings.start_height,
            deliveries=self.deliveries,
            poll=POLL_SECONDS[self.settings.network],
        )

    @cached_property
    def auditor(self) -> Auditor:
        """Whoever holds the ledger's documents against the contracts' own answers."""
        return Auditor(self.ledger.book, self.stacks, checks(self.contracts))

    async def open(self) -> None:
        """Bring the database to the shape that this code expects, with books of our own.

        Raises HalfRestored, DatabaseTooNew, and OtherLedger where the books are of another deployment.
        """
        await self._check_whole()
        await migrate(self.database)
        await create_indexes(self.database)
        await self.ledger.book.open(self.contracts.deployer, self.settings.start_height)

    async def _check_whole(self) -> None:
        await check_whole(self.database)
        owner = await loader(self.database)
        if owner is None:
            return
        there = await holder(self.database, FOLLOWER)
        if there is not None and there.holds and there.owner == owner:
            raise HalfRestored("A backup is being restored into this database; start BitPay when that has ended.")
        await forget(self.database, owner)

    async def close(self) -> None:
        """End every connection."""
        await self.stacks.close()
        await self.mongo.close()


def hooks_client(settings: LedgerSettings) -> ChainhooksClient:
    """Return the registration API of our hooks, where `settings` say that it is."""
    return ChainhooksClient(settings.chainhooks_url, api_key=settings.api_key, prefix=settings.chainhooks_path)


def _trusted(settings: LedgerSettings) -> tuple[Format, ...]:
    """Return whose deliveries are whole: the local chain's are; hosted hooks are known to drop events."""
    return (Format.NODE, Format.CHAINHOOKS_2) if settings.network == "local" else (Format.NODE,)
