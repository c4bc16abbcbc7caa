"""The audit: what our documents say, held against what the contracts themselves answer in the same block."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from bitpay.kit.errors import BitPayError, Unavailable
from bitpay.ledger.alerts import Alerts
from bitpay.ledger.book import BLOCKS, EVENTS, HEAD, Book, Head, head_of
from bitpay.ledger.events import Problem
from bitpay.ledger.projection import Key
from bitpay.stacks import clarity
from bitpay.stacks.client.errors import ApiGone, ApiNotFound
from bitpay.stacks.errors import StacksError
from bitpay.store import Database, Document, heed_cancellation

_ATTEMPTS = 20
_PATIENCE = 5
"""Failures of one check in a row after which a person must look."""
_PAUSE_SECONDS = 0.5
_MAX_EVENTS = 50
_KEYS_AT_ONCE = 500
DIFFERS = "audit_difference"
FAILED = "audit_failed"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """An answer of which our documents know only how small it can be."""

    number: int


@dataclass(frozen=True, slots=True)
class Question:
    """A read-only call and the answer that our documents lead us to expect, as `clarity.to_python` gives it.

    Of a tuple only the fields named in `expected` are compared; of `AtLeast` the answer may be more. `events` finds
    the events that made the answer.
    """

    subject: str
    contract_id: str
    function: str
    args: tuple[clarity.Value, ...]
    expected: Any
    events: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alert(self) -> str:
        """The id of the alert that is open while the answer differs."""
        return f"{DIFFERS}:{self.subject}:{self.function}"


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that differs: ours, the contract's, in which block, and the last events between."""

    question: Question
    answer: Any
    head: Head
    events: tuple[Document, ...]

    def problem(self) -> Problem:
        """Return it as an alert."""
        asked = f"{self.question.contract_id}.{self.question.function}"
        details = {
            "ours": str(self.question.expected),
            "contract": str(self.answer),
            "block": self.head.hash,
            "height": self.head.height,
            "events": [event["_id"] for event in self.events],
        }
        message = f"{self.question.subject} differs from {asked}."
        return Problem(self.question.alert, DIFFERS, message, details)


@dataclass(frozen=True, slots=True)
class Check:
    """How the documents of one collection are audited: what to ask for one document, and what for all together.

    `questions` is None where there is nothing to ask for one. `totals` reads in the session that it is given: all of
    it, and the head, as they are at one moment.
    """

    collection: str
    questions: Callable[[Document], Sequence[Question]] | None
    totals: Callable[[Database, AsyncClientSession], Awaitable[Sequence[Question]]] | None = None

    @property
    def alert(self) -> str:
        """The id of the alert that is open while this cannot be asked."""
        return f"{FAILED}:{self.collection}"


async def how_many(
    database: Database, session: AsyncClientSession, collection: str, contract_id: str, function: str
) -> Question:
    """Return the question whether the contract counts as many as there are documents."""
    count = await database[collection].count_documents({}, session=session)
    return Question(f"{collection}: how many", contract_id, function, (), count)


class Contract(Protocol):
    """Whoever can ask a contract."""

    async def call_read(
        self, contract_id: str, function: str, args: Sequence[clarity.Value] = (), *, tip: str | None = None
    ) -> clarity.Value:
        """Return what a read-only function answers after the block `tip`; raises `ApiNotFound` without that block."""


class NeverStill(Unavailable):
    """The node answered for none of the ledger's heads, so nothing could be compared."""

    code = "audit_never_still"


@dataclass(slots=True)
class Audited:
    """What differed, how many documents of each collection were looked at, and which checks failed, and why."""

    findings: list[Finding] = field(default_factory=list)
    documents: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether everything was asked and nothing differs."""
        return not self.findings and not self.failures


Tell = Callable[[int, str], None]
"""Hears how many documents have been looked at, and of which collection they are."""


class Auditor:
    """Audits the documents of one database. Both sides of a comparison belong to the same block, or it is repeated."""

    def __init__(self, book: Book, contract: Contract, checks: Sequence[Check]) -> None:
        self._database = book.database
        self._alerts: Alerts = book.alerts
        self._contract = contract
        self._failures: Counter[str] = Counter()
        self.checks = tuple(checks)

    async def run(self, every: float, *, when: Callable[[], bool] = lambda: True) -> None:
        """Audit a random document of each collection, and the totals, every so many seconds, until cancelled.

        Only while `when()` holds: of several processes one is enough. A check that fails several times in a row
        raises an alert, which closes when it succeeds again.
        """
        while True:
            heed_cancellation()
            if when():
                audited = await self.audit(1)
                await self._note(audited)
            await asyncio.sleep(random.uniform(0.5 * every, 1.5 * every))  # noqa: S311 - not a secret

    async def audit(self, sample: int | None = None, tell: Tell = lambda _done, _collection: None) -> Audited:
        """Audit so many documents of each collection, drawn by chance (None: all), and the totals.

        Differences raise alerts. A check that fails does not keep the others from being made.
        """
        audited = Audited()
        for check in self.checks:
            try:
                await self._check(check, sample, audited, tell)
            except Exception as error:  # noqa: BLE001 - whatever it was, it is told and the next check is made
                expected = isinstance(error, BitPayError | StacksError | PyMongoError)
                log = _log.warning if expected else _log.exception
                audited.failures[check.collection] = f"{type(error).__name__}: {error}"
                log("audit_check_failed", collection=check.collection, error=audited.failures[check.collection])
        return audited

    async def _check(self, check: Check, sample: int | None, audited: Audited, tell: Tell) -> None:
        if check.questions is not None:
            audited.documents[check.collection] = 0
            async for key in self._keys(check) if sample is None else self._drawn(check, sample):
                audited.findings += await self.document(check, key)
                audited.documents[check.collection] += 1
                tell(sum(audited.documents.values()), check.collection)
        audited.findings += await self.totals(check)

    async def _note(self, audited: Audited) -> None:
        """Raise and close alerts of checks that failed or did not."""
        for check in self.checks:
            why = audited.failures.get(check.collection)
            self._failures[check.alert] = self._failures[check.alert] + 1 if why else 0
            with suppress(PyMongoError):  # the next round tries again
                if why is None:
                    await self._alerts.close(check.alert)
                elif self._failures[check.alert] >= _PATIENCE:
                    message = f"The documents of {check.collection} cannot be held against the contracts: {why}"
                    await self._alerts.record([Problem(check.alert, FAILED, message, {"error": why})])

    async def _drawn(self, check: Check, count: int) -> AsyncIterator[Key]:
        """Yield the keys of so many documents, drawn by chance, each once."""
        stages = [{"$sample": {"size": count}}, {"$project": {"_id": 1}}]
        drawn = await self._database[check.collection].aggregate(stages)
        for key in dict.fromkeys([row["_id"] async for row in drawn]):
            yield key

    async def _keys(self, check: Check) -> AsyncIterator[Key]:
        """Yield the keys of all documents in order, few at a time: an audit outlasts any cursor."""
        documents = self._database[check.collection]
        query: dict[str, Any] = {}
        while rows := await documents.find(query, {"_id": 1}).sort("_id", 1).to_list(_KEYS_AT_ONCE):
            for row in rows:
                yield row["_id"]
            query = {"$expr": {"$gt": ["$_id", {"$literal": rows[-1]["_id"]}]}}  # numbers and texts alike

    async def document(self, check: Check, key: Key) -> list[Finding]:
        """Audit one document; alert on what differs, and return it."""

        async def questions(session: AsyncClientSession) -> Sequence[Question]:
            found = await self._database[check.collection].find_one({"_id": key}, session=session)
            return check.questions(found) if found and check.questions is not None else ()

        return await self._audit(questions)

    async def totals(self, check: Check) -> list[Finding]:
        """Audit what all documents together must add up to; alert on what differs, and return it."""
        totals = check.totals
        return await self._audit(lambda session: totals(self._database, session)) if totals is not None else []

    async def _audit(self, questions: Callable[[AsyncClientSession], Awaitable[Sequence[Question]]]) -> list[Finding]:
        for _ in range(_ATTEMPTS):
            async with self._database.client.start_session(snapshot=True) as session:
                row = await self._database[HEAD].find_one({}, session=session)
                head = head_of(row) if row else None
                asked = await questions(session) if head else ()
            if head is not None and not head.empty and (answers := await self._answers(asked, head)) is not None:
                return await self._findings(head, asked, answers)
            await asyncio.sleep(_PAUSE_SECONDS)
        raise NeverStill("The node answers for none of the ledger's blocks; nothing could be compared.")

    async def _answers(self, asked: Sequence[Question], head: Head) -> list[Any] | None:
        """Return what the contracts answer after our head; None where the node has not that block yet, or no longer."""
        call = self._contract.call_read
        try:
            answers = [await call(one.contract_id, one.function, one.args, tip=head.hash) for one in asked]
        except ApiGone:
            raise
        except ApiNotFound:
            return None
        return list(map(clarity.to_python, answers))

    async def _findings(self, head: Head, asked: Sequence[Question], answers: Sequence[Any]) -> list[Finding]:
        findings = [
            Finding(question, answer, head, await self._events(question))
            for question, answer in zip(asked, answers, strict=True)
            if not _agrees(question.expected, answer)
        ]
        await self._alerts.record([finding.problem() for finding in findings])
        differing = {finding.question.alert for finding in findings}
        await self._alerts.close(*(question.alert for question in asked if question.alert not in differing))
        return findings

    async def _events(self, question: Question) -> tuple[Document, ...]:
        if not question.events:
            return ()
        newest = self._database[EVENTS].find(question.events).sort([("height", -1), ("txIndex", -1), ("index", -1)])
        rows = [row async for row in newest.limit(_MAX_EVENTS)]
        hashes = [row["block"] for row in rows]
        canonical = self._database[BLOCKS].find({"_id": {"$in": hashes}, "canonical": True}, {"_id": 1})
        known = {row["_id"] async for row in canonical}
        return tuple(row for row in reversed(rows) if row["block"] in known)


def _agrees(expected: Any, answer: Any) -> bool:  # noqa: ANN401 - Clarity values as Python
    if isinstance(expected, Mapping) and isinstance(answer, Mapping):
        return all(name in answer and _agrees(value, answer[name]) for name, value in expected.items())
    if isinstance(expected, AtLeast):
        return isinstance(answer, int) and answer >= expected.number
    if isinstance(answer, clarity.Ok):
        return bool(expected == clarity.to_python(answer.value))
    return bool(expected == answer)
