"""The ledger as the application runs it: one task that follows the chain for as long as it lives."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

import structlog
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from bitpay.kit.errors import Unavailable
from bitpay.ledger.alerts import Alerts
from bitpay.ledger.book import Book, Head, HeadMoved, NoImages, Rooms
from bitpay.ledger.events import DecodedBlock, decode_block
from bitpay.ledger.follower import Follower
from bitpay.ledger.lease import FOLLOWER, Lease, LeaseLost, refused
from bitpay.ledger.metrics import BEHIND, FAILURES, HEIGHT, LEADING, SILENCE
from bitpay.ledger.pace import CatchingUp
from bitpay.ledger.projection import Projection
from bitpay.ledger.replay import Replay, forget_versions, outdated, record_versions
from bitpay.ledger.reread import ordered_reread, withdraw_reread
from bitpay.ledger.source import ChainSource, Deliveries, Delivery, SourceError
from bitpay.ledger.witness import Witness
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database, heed_cancellation

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
_LONGEST_WAIT = 120.0
"""Seconds; whoever asks us to wait longer is asked again after this long."""
_UNANSWERED_SECONDS = 300.0
_FAILURES_BORNE = 8
"""So often in a row the database may fail us before a person hears of it: after less than a minute."""
FAILED = "ledger_failed"
UNANSWERED = "chain_unanswered"

_log = structlog.get_logger(__name__)


class Ledger:
    """Follows one deployment of the contracts into one database.

    `source` reads the chain; `deliveries`, where given, are stored arrivals that make it faster; `rooms` is the
    rooms' log. Every `poll` seconds the source is asked for its tip when nothing woke the ledger before.
    Run `run()` in as many processes as you like: one at a time holds the lease and writes.
    """

    def __init__(
        self,
        database: Database,
        source: ChainSource,
        contracts: Contracts,
        projections: Sequence[Projection],
        rooms: Rooms,
        *,
        start_height: int,
        deliveries: Deliveries | None = None,
        poll: float = 2.0,
        lease_seconds: float = 1.2,
    ) -> None:
        self.book = Book(database, projections, rooms)
        self.alerts: Alerts = self.book.alerts
        self.leading = False
        self.failures = 0
        """How many steps have failed in a row here."""
        self.failure = ""
        """How the last of them did."""
        self._database = database
        self._contracts = contracts
        self._projections = tuple(projections)
        self._start_height = start_height
        self._follower = Follower(self.book, source, contracts, start_height)
        self._deliveries = deliveries
        self._witness = Witness(database)
        self._catching_up = CatchingUp()
        self._poll = poll
        self._lease_seconds = lease_seconds
        self._led_since = 0.0
        self._unanswered_since: float | None = None
        self._lease: Lease | None = None
        self._wake = asyncio.Event()
        self._listeners: list[Callable[[Head], None]] = []

    @property
    def head(self) -> Head:
        """The last block that this process has applied."""
        return self._follower.head

    @property
    def tip(self) -> BlockHeader | None:
        """The newest block that this process has seen at the chain's API."""
        return self._follower.tip

    @property
    def silence(self) -> float | None:
        """Seconds since the chain last told this process where it stands; None while another process asks it."""
        return time.monotonic() - max(self._led_since, self._follower.heard_at) if self.leading else None

    def wake(self) -> None:
        """Look at deliveries and at the chain now."""
        self._wake.set()

    def on_commit(self, listener: Callable[[Head], None]) -> None:
        """Call `listener` with the new head after every commit of this process. It must not block."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Follow the chain until cancelled.

        Raises OtherLedger when the database is not ours to write, and the database's error when it refuses us.
        """
        while True:
            heed_cancellation()
            try:
                await self.book.open(self._contracts.deployer, self._start_height)
                async with self._database.client.start_session() as session:
                    await self._lead(session, self._follow(session))
            except PyMongoError as error:
                if refused(error):
                    raise
                _log.warning("ledger_database_unreachable", error=str(error))
            await asyncio.sleep(_FIRST_PAUSE)

    async def begin(self) -> None:
        """Wait until nobody else follows, fold anew what other code has folded or what was ordered, and return.

        Raises OtherLedger when the database is not ours to write, and database errors.
        """
        await self.book.open(self._contracts.deployer, self._start_height)
        async with self._database.client.start_session() as session:
            await self._lead(session, self._begin(session))

    async def _lead(self, session: AsyncClientSession, work: Coroutine[None, None, None]) -> None:
        """Do the work of whoever holds the lease, until it ends or the lease is lost."""
        lease = Lease(self._database, FOLLOWER, session, seconds=self._lease_seconds)
        try:
            await lease.acquire()
        except BaseException:
            work.close()
            raise
        self._lead_or_not(lease)
        try:
            with suppress(LeaseLost):
                await lease.lead(work)
        finally:
            self._lead_or_not(None)
            self._follower.close()

    def _lead_or_not(self, lease: Lease | None) -> None:
        self._lease = lease
        self.leading, self._led_since = lease is not None, time.monotonic()
        LEADING.set(self.leading)

    async def _renew(self) -> None:
        """Make sure that the documents are ours to replace. Raises LeaseLost."""
        if self._lease is not None:
            await self._lease.renew()

    async def _follow(self, session: AsyncClientSession) -> None:
        self.failures = 0
        fresh = well = False
        while True:
            heed_cancellation()
            try:
                if not fresh:
                    await self._begin(session)
                    fresh = True
                changed = await self._round(session)
                if not well:
                    await self.alerts.close(FAILED, UNANSWERED)  # perhaps another process's, before it was restarted
                self.failures, well, self._unanswered_since = 0, True, None
                FAILURES.set(0)
            except HeadMoved:
                fresh = False
            except (asyncio.CancelledError, LeaseLost):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the ledger says so and goes on from its head
                fresh = well = False
                self.failures += 1
                self.failure = f"{type(error).__name__}: {error}"
                FAILURES.set(self.failures)
                await self._report(error)
                await self._pause(error)
            else:
                if not changed and (fresh := await self._is_fresh()):
                    await self._rest(self._poll)

    async def _begin(self, session: AsyncClientSession | None) -> None:
        """Come to know the books, in which whoever led before us may have written and ordered what it liked.

        Transactions are of the lease's `session`: if we die, our successor ends them.
        """
        await self._follower.load()
        await forget_versions(self._database, but=self._projections)
        newer = await outdated(self._database, self._projections)
        if newer and self.head.empty:
            await record_versions(self._database, newer)
        elif newer:
            _log.warning("folding_anew", collections=[projection.collection for projection in newer])
            await Replay(self._database, newer).replace(self.book, self._renew, session=session)
            await self._follower.load()
        if (height := await ordered_reread(self._database)) is not None:
            await self._go_back(height, session)
        if self._deliveries is not None:
            await self._deliveries.reopen()

    async def _go_back(self, height: int, session: AsyncClientSession | None) -> None:
        try:
            await self._follower.set_back(height, session)
        except NoImages as error:  # it became final since that was ordered
            _log.error("reread_refused", height=height, error=str(error))
        await withdraw_reread(self._database, height)

    async def _is_fresh(self) -> bool:
        """Tell whether the head is where we left it: whoever moves it may have ordered something."""
        try:
            return await self.book.head() == self._follower.head
        except PyMongoError:
            return False

    async def _round(self, session: AsyncClientSession | None) -> bool:
        self._wake.clear()
        await self._hear()
        changed = await self._follower.step(session)
        HEIGHT.set(self.head.height)
        BEHIND.set(max(0, self.tip.height - self.head.height) if self.tip else 0)
        SILENCE.set(self.silence or 0)
        if changed:
            self._catching_up.note(self.head, self.tip)
            for listener in self._listeners:
                listener(self.head)
        await self._settle()
        return changed

    async def _hear(self) -> None:
        """Hear what was delivered. Whatever is wrong with it, the chain is followed all the same."""
        if self._deliveries is None:
            return
        self._witness.see(self.tip)
        try:
            async for delivery in self._deliveries.take(self._witness.held):
                await self._hear_one(self._deliveries, delivery)
        except Exception as error:  # noqa: BLE001 - the chain itself says what we were to hear
            _log.warning("deliveries_unheard", error=repr(error), exc_info=not isinstance(error, PyMongoError))

    async def _hear_one(self, deliveries: Deliveries, delivery: Delivery) -> None:
        try:
            blocks = await asyncio.to_thread(self._decoded, delivery)  # it may be far larger than any block
        except Exception as error:  # noqa: BLE001 - it is marked, and keeps nobody from the next
            await deliveries.reject(delivery.id, error)
            return
        self._witness.hear(delivery.id, blocks, whole=delivery.whole)
        for block in blocks if delivery.whole else ():
            self._follower.candidates.offer(block)

    def _decoded(self, delivery: Delivery) -> list[DecodedBlock]:
        return [decode_block(block, self._contracts) for block in delivery.blocks]

    async def _settle(self) -> None:
        if self._deliveries is None:
            return
        for verdict in await self._witness.judge(self.head):
            await self.alerts.record(verdict.problems)
            await self._deliveries.settle(verdict.delivery, verdict.outcome)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _report(self, error: Exception) -> None:
        expected = isinstance(error, SourceError | PyMongoError | Unavailable)
        log = _log.warning if expected else _log.exception
        log("ledger_step_failed", error=self.failure, failures=self.failures)
        SILENCE.set(self.silence or 0)
        with suppress(PyMongoError):
            if isinstance(error, SourceError):
                await self._note_unanswered(error)
            elif not expected or self.failures >= _FAILURES_BORNE:
                await self.alerts.raise_once(FAILED, f"The ledger cannot go on: {error}", error=type(error).__name__)

    async def _note_unanswered(self, error: SourceError) -> None:
        """Raise an alert, but not at once: any API fails for a moment."""
        now = time.monotonic()
        self._unanswered_since = now if self._unanswered_since is None else self._unanswered_since
        if now - self._unanswered_since >= _UNANSWERED_SECONDS:
            told = "The chain's API has not answered properly for minutes; the ledger stands still."
            await self.alerts.raise_once(UNANSWERED, told, error=str(error))

    async def _pause(self, error: Exception) -> None:
        """Wait before the next attempt, a moment at least, and longer unless somebody wakes us."""
        asked = error.retry_after if isinstance(error, SourceError) else None
        bound = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self.failures, 10))
        await asyncio.sleep(_FIRST_PAUSE)
        await self._rest(min(asked, _LONGEST_WAIT) if asked else random.uniform(bound / 2, bound))  # noqa: S311 - not a secret
        self._wake.clear()
