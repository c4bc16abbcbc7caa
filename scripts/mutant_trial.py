"""Tries one change of a contract: whether it deploys, and who notices."""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from scripts import clarity_reader, mutant_recording
from scripts.clarity_reader import Contract, Form
from scripts.mutant_recording import Exchange, Operation, Part, Place, Recording
from scripts.mutations import Mutation

from bitpay.kit.processes import resident_bytes
from bitpay.localchain.vm import Vm

Status: TypeAlias = Literal["killed", "survived", "unviable"]

ROOT = Path(__file__).parents[1]
AT_ONCE = 8
"""Exchanges asked in one request: a change is mostly seen early."""
MOST_MEMORY = 2 << 30
"""Bytes of memory beyond which a VM is replaced before it replays again: what it once took it never gives back."""
TEXTUAL: Final = ("tests/contracts/test_contract_events.py", "tests/contracts/test_error_table.py")
"""Tests that read the source instead of asking the VM."""
FIRST_STORIES = 3
"""Stories that are asked before the tests: most changes are seen there."""
_TEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a change. `by` is who noticed, or what was seen that no test minds."""

    key: str
    status: Status
    by: str


class _Unviable(Exception):
    """The changed contract, or one that depends on it, does not deploy."""


class Bench:
    """A VM on which changes are tried one after the other."""

    def __init__(self, path: Path) -> None:
        self._sources, self._stories, self._tests = mutant_recording.read(path)
        self._contracts = {name: clarity_reader.read(name, source) for name, source in self._sources.items()}
        self._vm: Vm | None = None
        self._noticed: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def close(self) -> None:
        """End the VM."""
        if self._vm is not None:
            self._vm.close()
            self._vm = None

    def attempt(self, mutation: Mutation) -> Trial:
        """Deploy the change and ask everything that was recorded and evaluates it, until a test fails."""
        self._seen_by: list[str] = []
        try:
            noticed = next(self._notices(mutation), None)
        except _Unviable as reason:
            return Trial(mutation.key, "unviable", str(reason)[:300])
        if noticed is not None:
            return Trial(mutation.key, "killed", noticed)
        seen = f"seen by {self._seen_by[0]}, which does not mind" if self._seen_by else "not seen"
        return Trial(mutation.key, "survived", seen)

    def _notices(self, mutation: Mutation) -> Iterator[str]:
        stories = self._in_order(mutation)
        yield from self._by_stories(mutation, stories[:FIRST_STORIES])
        yield from self._by_tests(mutation)
        yield from self._by_stories(mutation, stories[FIRST_STORIES:])

    def _by_stories(self, mutation: Mutation, stories: Sequence[Part]) -> Iterator[str]:
        replay = self._begin(self._stories, mutation)
        for part in stories:
            if replay.first_difference(part) is not None:
                self._noticed[_neighbourhood(mutation)][part.name] += 1
                yield part.name

    def _in_order(self, mutation: Mutation) -> Sequence[Part]:
        """Return first what noticed other changes of the function, then what calls it."""
        function = mutation.contract, mutation.function
        noticed = self._noticed[_neighbourhood(mutation)]
        return sorted(self._stories.parts, key=lambda part: (-noticed[part.name], function not in part.functions))

    def _by_tests(self, mutation: Mutation) -> Iterator[str]:
        places = self._reach(mutation)
        parts = [part for part in self._tests.parts if places is None or not places.isdisjoint(part.evaluated)]
        replay = self._begin(self._tests, mutation)
        asked: list[str] = [*TEXTUAL]
        for part in sorted(parts, key=lambda one: len(one.exchanges)):
            difference = replay.first_difference(part)
            if difference is None or difference.test in self._seen_by:
                continue
            self._seen_by.append(difference.test)
            asked.append(difference.test)
            if len(self._seen_by).bit_count() == 1:  # after 1, 2, 4, ... of them: most of them mind
                yield from self._failing(mutation, asked)
                asked.clear()
        if asked:
            yield from self._failing(mutation, asked)

    def _failing(self, mutation: Mutation, tests: Sequence[str]) -> Iterator[str]:
        failed = run_tests(mutation, self._sources, tests)
        if failed is not None:
            yield failed

    def _reach(self, mutation: Mutation) -> set[Place] | None:
        """Return the expressions without whose evaluation nothing can differ; None where that is not known."""
        contract = self._contracts[mutation.contract]
        if mutation.function in contract.functions:
            inside = [form for form in _forms(contract) if mutation.start <= form.start and form.end <= mutation.end]
        elif mutation.function in contract.constants:
            inside = [form for form in _forms(contract) if form.text == mutation.function]
        else:
            return None
        return {(contract.name, *form.place) for form in inside}

    def _begin(self, recording: Recording, mutation: Mutation) -> "_Replay":
        if self._vm is None or resident_bytes(self._vm.pid) > MOST_MEMORY:
            self.close()
            self._vm = Vm.start()
            self._bare = self._vm.snapshot()
        self._vm.restore(self._bare)
        original = self._sources[mutation.contract]
        replay = _Replay(self._vm, mutation.contract, original, mutation.apply(original))
        replay.set_up(recording)
        return replay


def _neighbourhood(mutation: Mutation) -> tuple[str, str]:
    return mutation.contract, mutation.function


def _forms(contract: Contract) -> Iterator[Form]:
    """Yield what stands in the functions' bodies."""
    return (form for one in contract.functions.values() for body in one.body for form in body.walk())


class _Replay:
    """Asks recorded questions of a VM in which one contract is another."""

    _snapshots: dict[int, int]

    def __init__(self, vm: Vm, contract: str, original: str, changed: str) -> None:
        self._vm = vm
        self._contract, self._original, self._changed = contract, original, changed
        self._snapshots = {}

    def set_up(self, recording: Recording) -> None:
        """Deploy everything. Raises _Unviable."""
        for exchange in recording.setup:
            answers = self._ask([exchange])
            for (name, _), answer in zip(exchange.operations, answers, strict=True):
                if name == "deploy" and "ok" not in answer:
                    raise _Unviable(str(answer))

    def first_difference(self, part: Part) -> Exchange | None:
        """Return the first exchange in which an answer differs."""
        for at in range(0, len(part.exchanges), AT_ONCE):
            exchanges = part.exchanges[at : at + AT_ONCE]
            answers = iter(self._ask(exchanges))
            for exchange in exchanges:
                for (name, _), wanted in zip(exchange.operations, exchange.answers, strict=True):
                    answer = next(answers)
                    if wanted is not None and name != "snapshot" and answer != wanted:
                        return exchange
        return None

    def _ask(self, exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
        operations = [self._translated(one) for exchange in exchanges for one in exchange.operations]
        answers = self._vm._channel.ask(operations)  # noqa: SLF001 - what was recorded there is asked there
        recorded = (pair for exchange in exchanges for pair in zip(exchange.operations, exchange.answers, strict=True))
        for ((name, _), wanted), answer in zip(recorded, answers, strict=True):
            if name == "snapshot" and "ok" in answer:
                self._snapshots[wanted["ok"]] = answer["ok"]
        return answers

    def _translated(self, operation: Operation) -> Operation:
        name, parameters = operation
        if name == "deploy" and parameters["source"].startswith(self._original):
            source = self._changed + parameters["source"][len(self._original) :]
            return name, {**parameters, "source": source}
        if name in {"restore", "forget"}:
            return name, {"id": self._snapshots[parameters["id"]]}
        return name, parameters


def run_tests(mutation: Mutation, sources: Mapping[str, str], tests: Sequence[str]) -> str | None:
    """Run tests against the change; returns the first that fails, None when all pass."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{mutation.contract}.clar"
        path.write_text(mutation.apply(sources[mutation.contract]))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "-p", "scripts.mutant_plugin", *tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "BITPAY_MUTANT": str(path)},
            capture_output=True,
            text=True,
            timeout=_TEST_SECONDS,
            check=False,
        )
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else f"pytest ended with {done.returncode}"
