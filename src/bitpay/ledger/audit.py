"""The audit: what our documents say, held against what the contracts themselves answer in the same block."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from pymongo.errors import PyMongoError

from bitpay.kit.errors import BitPayError, Unavailable
from bitpay.ledger.alerts import Alerts
from bitpay.ledger.book import BLOCKS, EVENTS, Book, Head
from bitpay.ledger.events import Problem
from bitpay.ledger.projection import Key
from bitpay.ledger.source import ChainSource, SourceError
from bitpay.stacks import clarity
from bitpay.stacks.errors import StacksError
from bitpay.store import Database, Document, heed_cancellation

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.5
_MAX_EVENTS = 50
_KEYS_AT_ONCE = 500
DIFFERS = "audit_difference"

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
    """How the documents of one collection are audited: what to ask for one document, and what for all together."""

    collection: str
    questions: Callable[[Document], Sequence[Question]]
    totals: Callable[[Database], Awaitable[Sequence[Question]]] | None = None


class Contract(Protocol):
    """Whoever can ask a contract."""

    async def call_read(self, contract_id: str, function: str, args: Sequence[clarity.Value] = ()) -> clarity.Value:
        """Return what a read-only function answers."""


class NeverStill(Unavailable):
    """The chain moved on between every two reads, so nothing could be compared."""

    code = "audit_never_still"


class Auditor:
    """Audits the documents of one database. Both sides of a comparison belong to the same block, or it is repeated."""

    def __init__(self, book: Book, source: ChainSource, contract: Contract, checks: Sequence[Check]) -> None:
        self._database = book.database
        self._book = book
        self._alerts: Alerts = book.alerts
        self._source = source
        self._contract = contract
        self.checks = tuple(checks)

    async def run(self, every: float, *, when: Callable[[], bool] = lambda: True) -> None:
        """Audit a random document of each collection, and the totals, every so many seconds, until cancelled.

        Only while `when()` holds: of several processes one is enough.
        """
        while True:
            heed_cancellation()
            try:
                for check in self.checks if when() else ():
                    await self.sample(check)
            except (BitPayError, SourceError, StacksError, PyMongoError) as error:
                _log.warning("audit_interrupted", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(random.uniform(0.5 * every, 1.5 * every))  # noqa: S311 - not a secret

    async def sample(self, check: Check) -> list[Finding]:
        """Audit one random document and the totals; alert on what differs, and return it."""
        found = [finding for key in await self.drawn(check, 1) for finding in await self.document(check, key)]
        return found + await self.totals(check)

    async def everything(self) -> AsyncIterator[Finding]:
        """Audit all documents; alert on each difference and yield it."""
        for check in self.checks:
            async for key in self.keys(check):
                for finding in await self.document(check, key):
                    yield finding
            for finding in await self.totals(check):
                yield finding

    async def drawn(self, check: Check, count: int) -> list[Key]:
        """Return the keys of so many documents, drawn by chance, each once."""
        stages = [{"$sample": {"size": count}}, {"$project": {"_id": 1}}]
        drawn = await self._database[check.collection].aggregate(stages)
        return list(dict.fromkeys([row["_id"] async for row in drawn]))

    async def keys(self, check: Check) -> AsyncIterator[Key]:
        """Yield the keys of all documents in order, few at a time: an audit outlasts any cursor."""
        documents = self._database[check.collection]
        query: dict[str, Any] = {}
        while rows := await documents.find(query, {"_id": 1}).sort("_id", 1).to_list(_KEYS_AT_ONCE):
            for row in rows:
                yield row["_id"]
            query = {"$expr": {"$gt": ["$_id", {"$literal": rows[-1]["_id"]}]}}  # numbers and texts alike

    async def document(self, check: Check, key: Key) -> list[Finding]:
        """Audit one document."""

        async def questions() -> Sequence[Question]:
            found = await self._database[check.collection].find_one({"_id": key})
            return check.questions(found) if found else ()

        return await self._audit(questions)

    async def totals(self, check: Check) -> list[Finding]:
        """Audit what all documents together must add up to."""
        totals = check.totals
        return await self._audit(lambda: totals(self._database)) if totals is not None else []

    async def _audit(self, questions: Callable[[], Awaitable[Sequence[Question]]]) -> list[Finding]:
        for _ in range(_ATTEMPTS):
            head = await self._still()
            if head is not None:
                asked = await questions()
                answers = [await self._ask(question) for question in asked]
                if await self._still() == head:
                    return await self._findings(head, asked, answers)
            await asyncio.sleep(_PAUSE_SECONDS)
        raise NeverStill("The chain moved on between every two reads; nothing could be compared.")

    async def _still(self) -> Head | None:
        """Return our head if the node stands exactly there, too."""
        head = await self._book.head()
        return head if (await self._source.tip()).hash == head.hash else None

    async def _ask(self, question: Question) -> Any:  # noqa: ANN401 - a Clarity value as Python
        answer = await self._contract.call_read(question.contract_id, question.function, question.args)
        return clarity.to_python(answer)

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
