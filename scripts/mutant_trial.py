"""Tries one change of a contract: whether it deploys, and who notices."""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from scripts.mutant_recording import Exchange, Operation, Part, Recording, read
from scripts.mutations import Mutation

from bitpay.localchain.vm import Vm

Status: TypeAlias = Literal["killed", "survived", "unviable"]

ROOT = Path(__file__).parents[1]
AT_ONCE = 8
"""Exchanges asked in one request: a change is mostly seen early."""
FRESH_AFTER = 200
"""Trials after which a VM is replaced: its memory never shrinks."""
TEXTUAL: Final = ("tests/contracts/test_contract_events.py", "tests/contracts/test_error_table.py")
"""Tests that read the source instead of asking the VM."""
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
        self._sources, self._stories, self._tests = read(path)
        self._vm: Vm | None = None
        self._trials = 0
        self._noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def close(self) -> None:
        """End the VM."""
        if self._vm is not None:
            self._vm.close()
            self._vm = None

    def attempt(self, mutation: Mutation) -> Trial:
        """Deploy the change and ask everything that was recorded, until an answer differs."""
        try:
            noticed = self._by_stories(mutation)
            if noticed is None:
                noticed = self._by_tests(mutation)
        except _Unviable as reason:
            return Trial(mutation.key, "unviable", str(reason)[:300])
        status: Status = "survived" if noticed is None or noticed.startswith("seen") else "killed"
        return Trial(mutation.key, status, noticed or "not seen")

    def _by_stories(self, mutation: Mutation) -> str | None:
        replay = self._begin(self._stories, mutation)
        place = f"{mutation.contract} {mutation.function}"
        for part in self._in_order(place, mutation):
            difference = replay.first_difference(part)
            if difference is not None:
                self._noticed[place][part.name] += 1
                return part.name
        return None

    def _in_order(self, place: str, mutation: Mutation) -> Sequence[Part]:
        """Return first what noticed other changes of the function, then what calls it."""
        function = mutation.contract, mutation.function
        noticed = self._noticed[place]
        return sorted(self._stories.parts, key=lambda part: (-noticed[part.name], function not in part.functions))

    def _by_tests(self, mutation: Mutation) -> str | None:
        replay = self._begin(self._tests, mutation)
        suspects: dict[str, None] = {}
        for part in self._tests.parts:
            difference = replay.first_difference(part)
            if difference is not None:
                suspects.setdefault(difference.test)
        failed = run_tests(mutation, self._sources, [*TEXTUAL, *suspects])
        if failed is not None:
            return failed
        return f"seen by {next(iter(suspects))}, which does not mind" if suspects else None

    def _begin(self, recording: Recording, mutation: Mutation) -> "_Replay":
        if self._vm is None or self._trials >= FRESH_AFTER:
            self.close()
            self._vm, self._trials = Vm.start(), 0
            self._bare = self._vm.snapshot()
        self._trials += 1
        self._vm.restore(self._bare)
        original = self._sources[mutation.contract]
        replay = _Replay(self._vm, mutation.contract, original, mutation.apply(original))
        replay.set_up(recording)
        return replay


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
