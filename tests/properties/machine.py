"""A story on the chain and in the model at once: after every step both must say the same, and the invariants hold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.properties import expectation
from tests.properties.cast import PRINCIPALS
from tests.properties.expectation import differences
from tests.properties.invariants import Chronicle
from tests.properties.model import ANY_REASON, Answer, Call, Refusal, State, perform
from tests.properties.plain import Code
from tests.properties.stage import Read, Seen, Stage, Step

MANY = 14
"""With more streams than this, not every one is read after every step."""
EVERYTHING_EVERY = 20
"""So often everything is read, whatever the step touched."""
INTERNAL_LISTS = 99
"""As many ids as the probe takes."""


class Machine:
    """Takes steps from the contracts' deployment on. Raises AssertionError where chain, model or invariants differ."""

    def __init__(self, stage: Stage) -> None:
        stage.restore()
        self.stage = stage
        self.state = State(balances=stage.balances())
        self.chronicle = Chronicle()
        self.steps: list[Step] = []
        self.tally: Counter[tuple[str, str, str]] = Counter()
        self._supply = sum(self.state.balances.values())

    @property
    def time(self) -> int:
        """Unix seconds of the block at the tip."""
        return self.stage.vm.time

    @property
    def height(self) -> int:
        """Height of the block at the tip."""
        return self.stage.vm.height

    def take(self, step: Step) -> Seen:
        """Take one step on both sides and compare."""
        self.steps.append(step)
        call = self._call(step)
        answer, after = perform(self.state, call, step.contract, step.function, step.args)
        everything = len(self.steps) % EVERYTHING_EVERY == 0
        touched = Touched(self.state, after, step, len(self.steps), everything=everything)
        # invariant 16: an executed proposal leaves every stream and offer as it was
        before = [*touched.streams_reads(), *touched.sales_reads()] if step.function == "execute-proposal" else []
        seen = self.stage.perform(step, touched.reads(), before)
        self.state = after
        self._tally(step, seen)
        self._compare_answer(answer, seen)
        self._compare_effects(seen)
        self._compare_reads(call, touched, step, seen)
        if before:
            _compare_execution(seen)
        if everything:
            self.compare_balances()
        return seen

    def finish(self) -> None:
        """Compare everything once more."""
        if self.steps and len(self.steps) % EVERYTHING_EVERY:
            self._compare_all()

    def _compare_all(self) -> None:
        last = self.steps[-1]
        call = Call(last.caller, last.payer, self.time, self.height)
        touched = Touched(self.state, self.state, last, 0, everything=True)
        reads = [self.stage.read(*read) for read in touched.reads()]
        expected = [
            touched.streams_expected(call),
            touched.sales_expected(call),
            expectation.council_facts(self.state, call, touched.proposals),
            expectation.access_facts(self.state),
        ]
        _assert_same(expected, reads, "at last")
        self.compare_balances()

    def compare_balances(self) -> None:
        """Compare everyone's sats; together they are as many as ever."""
        balances = self.stage.balances()
        expected = {name: self.state.balances.get(name, 0) for name in balances}
        _assert_same(expected, balances, "balances")
        assert sum(balances.values()) == self._supply, f"2: {sum(balances.values())} sats instead of {self._supply}"

    def _call(self, step: Step) -> Call:
        time = self.time + max(step.seconds, step.blocks) if step.blocks else self.time
        return Call(step.caller, step.payer, time, self.height + step.blocks)

    def _tally(self, step: Step, seen: Seen) -> None:
        outcome = self.stage.reason(seen.answer) if isinstance(seen.answer, Code) else "ok"
        self.tally[step.contract, step.function, outcome] += 1

    def _compare_answer(self, answer: Answer, seen: Seen) -> None:
        assert self._matches(answer, seen.answer), f"the model answers {answer!r}, the chain {self._said(seen.answer)}"

    def _matches(self, answer: Answer, said: Any) -> bool:  # noqa: ANN401 - any plain value
        if isinstance(answer, list) and isinstance(said, list):
            return len(answer) == len(said) and all(map(self._matches, answer, said))
        if isinstance(answer, Refusal):
            refused = isinstance(said, Code)
            return refused and (ANY_REASON in answer.reasons or self.stage.reason(said) in answer.reasons)
        return bool(answer == said)

    def _said(self, said: Any) -> str:  # noqa: ANN401 - any plain value
        return f"{said} {self.stage.reason(said)}" if isinstance(said, Code) else repr(said)

    def _compare_effects(self, seen: Seen) -> None:
        told = ((event.contract, event.name, event.fields) for event in self.state.events)
        _assert_same(_canonical(told), _canonical(seen.events), "events")

    def _compare_reads(self, call: Call, touched: "Touched", step: Step, seen: Seen) -> None:
        reads = iter(seen.reads)
        facts = next(reads)
        assert (facts["time"], facts["height"]) == (call.time, call.height)
        _assert_same(touched.streams_expected(call), facts, "streams")
        streams = {key: one for key, one in zip(touched.streams, facts["streams"], strict=True) if one["stream"]}
        pulses = dict(zip(touched.pulses, facts["pulses"], strict=True))
        self.chronicle.add(step, seen, pulses, streams, facts["vault"])
        if touched.sales:
            sales = next(reads)
            _assert_same(touched.sales_expected(call), sales, "sales")
            offers = zip(touched.offers, sales["offers"], strict=True)
            self.chronicle.add_offers({key: one for key, one in offers if one})
        if touched.council:
            _assert_same(expectation.council_facts(self.state, call, touched.proposals), next(reads), "treasury")
            _assert_same(expectation.access_facts(self.state), next(reads), "access")


class Touched:
    """What to read after a step: what it may have changed, one more in turn, now and then everything."""

    def __init__(self, before: State, after: State, step: Step, turn: int, *, everything: bool) -> None:
        self._after = after
        thorough = everything or step.function == "execute-proposal"
        self.streams = _choose(before.streams, after.streams, turn, thorough=thorough)
        self.pulses = _pulses(list(after.streams), self.streams, turn)
        self.sales = thorough or step.contract == "marketplace"
        self.council = everything or step.contract in {"treasury", "access-control"}
        self.listings = _choose(before.listings, after.listings, turn, thorough=thorough)
        self.offers = _choose(before.offers, after.offers, turn, thorough=thorough)
        self.proposals = _choose(before.proposals, after.proposals, turn, thorough=everything)

    def reads(self) -> list[Read]:
        """Return what to ask after the call."""
        found = self.streams_reads()
        if self.sales:
            found += self.sales_reads()
        if self.council:
            found += [
                ("treasury", "probe-council", (self.proposals,)),
                ("access-control", "probe-access", (list(PRINCIPALS),)),
            ]
        return found

    def streams_reads(self) -> list[Read]:
        """Return what to ask of core."""
        return [("core", "probe-streams", (self.pulses, self.streams))]

    def sales_reads(self) -> list[Read]:
        """Return what to ask of the marketplace."""
        return [("marketplace", "probe-sales", (self.listings, self.offers, self.streams))]

    def streams_expected(self, call: Call) -> dict[str, Any]:
        """Return what the model says of the streams."""
        return {
            "count": len(self._after.streams),
            "pulses": [expectation.pulse(self._after, call, stream_id) for stream_id in self.pulses],
            "streams": [expectation.stream_facts(self._after, call, stream_id) for stream_id in self.streams],
            "vault": expectation.vault_facts(self._after),
        }

    def sales_expected(self, call: Call) -> dict[str, Any]:
        """Return what the model says of listings and offers."""
        return expectation.sales_facts(self._after, call, self.listings, self.offers, self.streams)


def _compare_execution(seen: Seen) -> None:
    streams, *sales = seen.reads_before
    after, *sales_after = seen.reads
    parts = ("count", "pulses", "streams")
    _assert_same([streams[part] for part in parts], [after[part] for part in parts], "16: streams")
    _assert_same(sales, sales_after[: len(sales)], "16: sales")


def _choose(before: Any, after: Any, turn: int, *, thorough: bool) -> list[int]:  # noqa: ANN401 - any mapping by id
    if thorough:
        return list(after)[:INTERNAL_LISTS]
    changed = [key for key, value in after.items() if before.get(key) is not value]
    in_turn = [1 + turn // 2 % len(after)] if after and turn % 2 else []
    return list(dict.fromkeys([*changed, *in_turn]))[:INTERNAL_LISTS]


def _pulses(ids: list[int], touched: list[int], turn: int) -> list[int]:
    if len(ids) <= MANY:
        return ids
    start = turn * MANY % len(ids)
    return list(dict.fromkeys([*(ids + ids)[start : start + MANY], *touched]))[:INTERNAL_LISTS]


def _assert_same(expected: Any, seen: Any, what: str) -> None:  # noqa: ANN401 - any plain values
    found = differences(expected, seen, what)
    assert not found, "; ".join(found)


def _canonical(events: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[list[Any]]:
    """Return events in an order that does not depend on who tells them."""
    return sorted(([contract, name, dict(sorted(fields.items()))] for contract, name, fields in events), key=repr)
